using Microsoft.Extensions.Options;
using Npgsql;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Postgres;

/// <summary>Before anything else starts: waits for the database, checks it, and migrates it.</summary>
internal sealed partial class PostgresStartup(
    PostgresDatabase database,
    IOptions<DatabaseOptions> options,
    TimeProvider time,
    ILogger<PostgresStartup> logger
) : IHostedLifecycleService
{
    private const int MinVersion = 15;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        DataFolder.Create(Path.GetFullPath(options.Value.Folder));
        await CheckAsync(cancellationToken);
        await MigrateAsync(database, cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Applies the missing migrations. When several processes start at once, one applies them and the others wait for its advisory lock.
    /// The lock belongs to a transaction, so it works through PgBouncer and ends with the connection of a killed process.
    /// </summary>
    internal static async Task MigrateAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (
            var command = new NpgsqlCommand(
                "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(hashtextextended('parley migrates', 0))",
                connection
            )
        )
        {
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        var history = await ReadAsync($"SELECT 'exists' WHERE to_regclass('\"{MigrationScripts.History}\"') IS NOT NULL");
        var applied = history.Count > 0 ? await ReadAsync(MigrationScripts.SelectApplied) : [];
        foreach (var (_, sql) in MigrationScripts.Missing("Postgres", applied))
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);

        async Task<List<string>> ReadAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            List<string> values = [];
            while (await reader.ReadAsync(cancellationToken))
            {
                values.Add(reader.GetString(0));
            }

            return values;
        }
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await database.ConnectAsync(cancellationToken);
                if (connection.PostgreSqlVersion.Major < MinVersion)
                {
                    throw new InvalidOperationException(
                        $"PostgreSQL {connection.PostgreSqlVersion} is too old; Parley needs {MinVersion} or newer."
                    );
                }

                await using var command = new NpgsqlCommand("SHOW server_encoding", connection);
                if (await command.ExecuteScalarAsync(cancellationToken) is string encoding and not "UTF8")
                {
                    throw new InvalidOperationException(
                        $"The database is encoded in {encoding}; Parley needs UTF8: CREATE DATABASE parley ENCODING 'UTF8' TEMPLATE template0."
                    );
                }

                LogOpened(database.Settings.Address, connection.PostgreSqlVersion, database.Settings.PgBouncer);
                return;
            }
            catch (DatabaseUnavailableException exception) when (time.GetElapsedTime(began) < options.Value.StartTimeout)
            {
                LogWaiting(database.Settings.Address, exception.Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
            catch (DatabaseUnavailableException exception)
            {
                throw new InvalidOperationException(
                    $"The database {database.Settings.Address} could not be used: {exception.Message} Check DATABASE_URL, or Database:ConnectionString.",
                    exception
                );
            }
        }
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Database {Address}, PostgreSQL {Version}; PgBouncer in transaction mode: {PgBouncer}."
    )]
    private partial void LogOpened(string address, Version version, bool pgBouncer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for the database {Address}: {Reason}")]
    private partial void LogWaiting(string address, string reason);
}
