using Microsoft.EntityFrameworkCore;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sqlite;

public static class SqliteServices
{
    /// <summary>Keeps everything in SQLite, in one folder.</summary>
    public static IServiceCollection AddSqliteData(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DatabaseOptions>().Bind(configuration.GetSection("Database")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(NodeIdentity.Create());
        services.AddSingleton<SqliteDatabase>();
        services.AddSingleton<SqliteWriter>();
        services.AddSingleton<SqliteGenerationStore>();
        services.AddSingleton<IGenerationStore>(provider => provider.GetRequiredService<SqliteGenerationStore>());
        services.AddSingleton<ConversationHistory>();
        services.AddSingleton<IGenerationRequests, StoredRequestSource>();
        services.AddSingleton<ChatStore>();
        services.AddHostedService<Sweeper>();
        services.AddSingleton<ChangeFeed>();
        services.AddPooledDbContextFactory<SqliteDbContext>(
            (provider, options) => provider.GetRequiredService<SqliteDatabase>().ConfigureReader(options)
        );
        services.AddScoped<ParleyDbContext>(provider =>
            provider.GetRequiredService<IDbContextFactory<SqliteDbContext>>().CreateDbContext()
        );
        return services;
    }
}
