namespace Parley.Server;

/// <summary>
/// Maps the short environment variables to settings. .NET's names (<c>Database__Folder</c>) work too and take precedence.
/// </summary>
internal static class ParleyVariables
{
    public static void AddParleyVariables(this ConfigurationManager configuration)
    {
        var folder = Environment.GetEnvironmentVariable("PARLEY_DATA");
        if (string.IsNullOrEmpty(configuration["Database:Folder"]) && !string.IsNullOrEmpty(folder))
        {
            configuration.AddInMemoryCollection([new("Database:Folder", folder)]);
        }

        var database = Environment.GetEnvironmentVariable("DATABASE_URL");
        if (string.IsNullOrEmpty(configuration["Database:ConnectionString"]) && !string.IsNullOrEmpty(database))
        {
            configuration.AddInMemoryCollection([new("Database:ConnectionString", database)]);
        }

        if (
            string.IsNullOrEmpty(configuration["urls"])
            && string.IsNullOrEmpty(configuration["http_ports"])
            && !configuration.GetSection("Kestrel:Endpoints").Exists()
        )
        {
            configuration.AddInMemoryCollection([new("urls", "http://localhost:5080")]);
        }
    }
}
