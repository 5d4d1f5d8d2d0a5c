using Microsoft.Extensions.Options;
using Parley.Server.Data.Postgres;
using Parley.Server.Data.Sql;
using Parley.Server.Data.Sqlite;

namespace Parley.Server.Data;

public static class DataServices
{
    /// <summary>Stores everything in the configured database.</summary>
    public static IServiceCollection AddData(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DatabaseOptions>().Bind(configuration.GetSection("Database")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<DatabaseOptions>, DatabaseOptionsValidation>();
        services.AddSingleton(NodeIdentity.Create());
        if (PostgresConnectionString.IsPostgres(configuration["Database:ConnectionString"]))
        {
            services.AddPostgresData();
        }
        else
        {
            services.PostConfigure<DatabaseOptions>(SqliteFolder.Choose);
            services.AddSqliteData();
        }

        services.AddSingleton<ChatQueries>();
        services.AddSingleton<ChatStore>();
        services.AddHostedService<Sweeper>();
        return services;
    }

    private sealed class DatabaseOptionsValidation : IValidateOptions<DatabaseOptions>
    {
        public ValidateOptionsResult Validate(string? name, DatabaseOptions options)
        {
            try
            {
                if (PostgresConnectionString.IsPostgres(options.ConnectionString))
                {
                    PostgresConnectionString.Parse(options);
                }

                return ValidateOptionsResult.Success;
            }
            catch (FormatException exception)
            {
                return ValidateOptionsResult.Fail(exception.Message);
            }
        }
    }
}
