using Npgsql;
using Parley.Server.Data;
using Parley.Server.Data.Postgres;
using Parley.Testing.Postgres;

namespace Parley.Server.Tests.Data.Postgres;

/// <summary>
/// A database of its own in the cluster of this test run, with the migrations applied: a copy of one that was migrated once.
/// </summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private const string Template = "migrated";

    private static readonly Lazy<Task> Migrated = new(MigrateTemplateAsync);
    private static readonly SemaphoreSlim Copying = new(1, 1);
    private static int _created;

    private TestDatabase(PostgresCluster cluster, string name) => (Cluster, Name) = (cluster, name);

    public PostgresCluster Cluster { get; }

    public string Name { get; }

    public string ConnectionString => Cluster.ConnectionString(Name);

    public static async Task<TestDatabase> CreateAsync()
    {
        await Migrated.Value;
        var database = new TestDatabase(await PostgresCluster.SharedAsync(), $"test_{Interlocked.Increment(ref _created)}");

        // Only one copy of a template can be made at a time.
        await Copying.WaitAsync();
        try
        {
            await RunAsync(database.Cluster, $"CREATE DATABASE {database.Name} TEMPLATE {Template}");
        }
        finally
        {
            Copying.Release();
        }

        return database;
    }

    /// <summary>A database with the migrations applied, in another cluster.</summary>
    public static async Task<TestDatabase> CreateAsync(PostgresCluster cluster)
    {
        var test = new TestDatabase(cluster, $"test_{Interlocked.Increment(ref _created)}");
        await RunAsync(cluster, $"CREATE DATABASE {test.Name}");
        await MigrateAsync(test.ConnectionString);
        return test;
    }

    /// <summary>An empty database, without tables.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync()
    {
        var database = new TestDatabase(await PostgresCluster.SharedAsync(), $"test_{Interlocked.Increment(ref _created)}");
        await RunAsync(database.Cluster, $"CREATE DATABASE {database.Name}");
        return database;
    }

    /// <summary>Runs a statement past the server.</summary>
    public async Task<int> RunAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The one value that a query gives.</summary>
    public async Task<T> ReadAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Ends all connections to it, as an administrator may, and waits until they have ended.</summary>
    public Task TerminateAsync() =>
        RunAsync(
            "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        );

    public async ValueTask DisposeAsync() => await RunAsync(Cluster, $"DROP DATABASE IF EXISTS {Name} WITH (FORCE)");

    private static async Task MigrateTemplateAsync()
    {
        var cluster = await PostgresCluster.SharedAsync();
        await RunAsync(cluster, $"CREATE DATABASE {Template}");
        await MigrateAsync(cluster.ConnectionString(Template));
    }

    private static async Task MigrateAsync(string connectionString)
    {
        await using var database = new PostgresDatabase(
            Microsoft.Extensions.Options.Options.Create(new DatabaseOptions { ConnectionString = connectionString }),
            TimeProvider.System
        );
        await PostgresStartup.MigrateAsync(database, CancellationToken.None);
    }

    private static async Task RunAsync(PostgresCluster cluster, string sql)
    {
        await using var connection = new NpgsqlConnection(cluster.ConnectionString() + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
