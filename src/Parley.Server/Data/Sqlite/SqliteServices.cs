using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sqlite;

public static class SqliteServices
{
    /// <summary>Registers the stores that use SQLite, in one folder.</summary>
    public static IServiceCollection AddSqliteData(this IServiceCollection services)
    {
        services.AddSingleton<SqliteFolder>();
        services.AddSingleton<SqliteWriter>();
        services.AddSingleton<SqliteDatabase>();
        services.AddSingleton<IDatabase>(provider => provider.GetRequiredService<SqliteDatabase>());
        services.AddSingleton<SqliteGenerationStore>();
        services.AddSingleton<IGenerationStore>(provider => provider.GetRequiredService<SqliteGenerationStore>());
        services.AddSingleton<IGenerationIndex>(provider => provider.GetRequiredService<SqliteGenerationStore>());
        return services;
    }
}
