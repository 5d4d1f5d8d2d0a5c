using Parley.Server.Data.Sql;
using Parley.Server.Data.Sqlite;

namespace Parley.Server.Data;

public static class DataServices
{
    /// <summary>Keeps everything in the database that is configured.</summary>
    public static IServiceCollection AddData(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DatabaseOptions>().Bind(configuration.GetSection("Database")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(NodeIdentity.Create());
        services.AddSqliteData();
        services.AddSingleton<ChatQueries>();
        services.AddSingleton<ChatStore>();
        services.AddHostedService<Sweeper>();
        return services;
    }
}
