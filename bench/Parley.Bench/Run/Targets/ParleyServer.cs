namespace Parley.Bench;

/// <summary>The published Parley server in a process of its own, with an empty data folder.</summary>
internal sealed record ParleyServer(ChildProcess Process, int Port)
{
    private const string MaxActive = "5000";

    /// <param name="upstream">Base URL of the provider.</param>
    /// <param name="durability">What a commit survives.</param>
    /// <param name="databaseUrl">An empty PostgreSQL database; null stores in SQLite.</param>
    public static ParleyServer Start(
        Workspace workspace,
        string serverFolder,
        string upstream = "http://127.0.0.1:1/v1",
        Durability durability = Durability.Process,
        string? databaseUrl = null
    )
    {
        var assembly = Path.GetFullPath(Path.Combine(serverFolder, "parley.dll"));
        if (!File.Exists(assembly))
        {
            throw new ArgumentException($"{serverFolder} has no parley.dll: publish src/Parley.Server to it first.");
        }

        var port = Workspace.FreePort();
        (string, string?)[] environment =
        [
            ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"),
            ("PARLEY_DATA", workspace.NewFolder("parley-data")),
            ("DATABASE_URL", databaseUrl),
            ("Database__Durability", durability.ToString()),
            ("OPENAI_BASE_URL", upstream),
            ("OPENAI_API_KEY", "bench"),
            ("Generations__MaxActive", MaxActive),
            ("Generations__MaxActivePerOwner", MaxActive),
            ("Logging__LogLevel__Default", "Warning"),
        ];
        return new ParleyServer(workspace.Start("parley", "dotnet", [assembly], environment, Path.GetDirectoryName(assembly)), port);
    }

    public Uri Url(string path) => new($"http://127.0.0.1:{Port}{path}");
}
