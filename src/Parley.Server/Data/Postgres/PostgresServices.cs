using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Postgres;

public static class PostgresServices
{
    /// <summary>Stores everything in PostgreSQL, except the signing keys.</summary>
    public static IServiceCollection AddPostgresData(this IServiceCollection services)
    {
        services.AddSingleton<PostgresDatabase>();
        services.AddSingleton<IDatabase>(static provider => provider.GetRequiredService<PostgresDatabase>());
        services.AddSingleton<PostgresGenerationStore>();
        services.AddSingleton<IGenerationStore>(static provider => provider.GetRequiredService<PostgresGenerationStore>());
        services.AddSingleton<IGenerationIndex>(static provider => provider.GetRequiredService<PostgresGenerationStore>());
        services.AddHostedService<PostgresStartup>();
        return services;
    }
}
