using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Options;
using Npgsql;
using Npgsql.EntityFrameworkCore.PostgreSQL;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Postgres;

/// <summary>
/// PostgreSQL, directly or through PgBouncer in transaction mode, where a session keeps no setting, lock or prepared statement after its
/// transaction.
/// </summary>
public sealed class PostgresDatabase : IDatabase, IAsyncDisposable
{
    private const int MaxConflicts = 8,
        MaxLostConnections = 4;

    /// <summary>The number of connections that are reserved for commits of logs and for the lease.</summary>
    private const int LogConnections = 4;

    private readonly Lazy<Contexts> _contexts;
    private readonly TimeProvider _time;

    public PostgresDatabase(IOptions<DatabaseOptions> options, TimeProvider time)
    {
        Settings = PostgresConnectionString.Parse(options.Value);
        _time = time;
        Source = Create(options.Value.MaxConnections - LogConnections);
        LogSource = Create(LogConnections);
        _contexts = new(() => new Contexts(Source));

        NpgsqlDataSource Create(int connections) =>
            NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Settings.ConnectionString) { MaxPoolSize = connections });
    }

    /// <summary>The current time of the clock, not the start time of the transaction, since leases are compared with it.</summary>
    public SqlDialect Dialect { get; } = new("CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)", " FOR UPDATE");

    internal PostgresSettings Settings { get; }

    /// <summary>The connections for requests.</summary>
    internal NpgsqlDataSource Source { get; }

    internal NpgsqlDataSource LogSource { get; }

    public ValueTask<SqlSession> OpenAsync(Owner owner, CancellationToken cancellationToken) => OpenAsync(Source, owner, cancellationToken);

    public ValueTask<SqlSession> OpenSystemAsync(CancellationToken cancellationToken) => OpenAsync(Source, null, cancellationToken);

    /// <summary>
    /// One transaction at READ COMMITTED. It is repeated after a conflict with another one (a deadlock, or a row that both inserted), and
    /// when its connection was lost before the commit was sent.
    /// </summary>
    public Task<T> WriteAsync<T>(Owner? owner, Func<SqlSession, ValueTask<T>> work, Action<T>? committed = null) =>
        WriteAsync(Source, owner, work, committed);

    public async ValueTask<ParleyDbContext> OpenContextAsync(Owner owner, CancellationToken cancellationToken)
    {
        var context = await _contexts.Value.Factory.CreateDbContextAsync(cancellationToken);
        context.Owner = owner;
        return context;
    }

    public async Task<bool> IsAvailableAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var session = await OpenSystemAsync(cancellationToken);
            return await session.FirstAsync("SELECT 1", static row => row.GetInt32(0)) == 1;
        }
        catch (DatabaseUnavailableException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await LogSource.DisposeAsync();
    }

    /// <summary>As <see cref="OpenSystemAsync"/>, on a reserved connection.</summary>
    internal ValueTask<SqlSession> OpenLogAsync() => OpenAsync(LogSource, null, CancellationToken.None);

    /// <summary>
    /// As <see cref="WriteAsync{T}(Owner?, Func{SqlSession, ValueTask{T}}, Action{T}?)"/> for maintenance, on a reserved connection.
    /// </summary>
    internal Task<T> WriteLogAsync<T>(Func<SqlSession, ValueTask<T>> work, Action<T>? committed = null) =>
        WriteAsync(LogSource, null, work, committed);

    /// <exception cref="DatabaseUnavailableException">The database can't be reached, or all connections are in use.</exception>
    internal Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) => ConnectAsync(Source, cancellationToken);

    private static async Task<NpgsqlConnection> ConnectAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        try
        {
            return await source.OpenConnectionAsync(cancellationToken);
        }
        catch (Exception exception) when (PostgresErrors.Translate(exception) is { } failure && failure != exception)
        {
            throw failure;
        }
    }

    private static async ValueTask<SqlSession> OpenAsync(NpgsqlDataSource source, Owner? owner, CancellationToken cancellationToken) =>
        new PostgresSession(source, await ConnectAsync(source, cancellationToken), owner, isTransaction: false);

    private async Task<T> WriteAsync<T>(NpgsqlDataSource source, Owner? owner, Func<SqlSession, ValueTask<T>> work, Action<T>? committed)
    {
        for (var attempt = 1; ; attempt++)
        {
            var isCommitting = false;
            try
            {
                await using var session = new PostgresSession(source, await source.OpenConnectionAsync(), owner, isTransaction: true);
                T result;
                try
                {
                    result = await work(session);
                    await session.CommitAsync();
                }
                catch
                {
                    isCommitting = session.IsCommitting;
                    await session.RollbackAsync();
                    throw;
                }

                committed?.Invoke(result);
                return result;
            }
            catch (Exception exception) when (CanRepeat(source, exception, isCommitting, attempt))
            {
                await PauseAsync(attempt);
            }
            catch (Exception exception) when (PostgresErrors.Translate(exception) is { } failure && failure != exception)
            {
                throw failure;
            }
        }
    }

    private static bool CanRepeat(NpgsqlDataSource source, Exception exception, bool isCommitting, int attempt)
    {
        if (PostgresErrors.IsConflict(exception))
        {
            return attempt < MaxConflicts;
        }

        if (!PostgresErrors.IsLostConnection(exception) && !PostgresErrors.IsReadOnly(exception))
        {
            return false;
        }

        // The other connections of the pool are most likely lost too, or lead to a server that is no longer the primary.
        source.Clear();
        return !isCommitting && attempt < MaxLostConnections;
    }

    private Task PauseAsync(int attempt) => Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(2, 10) * attempt), _time);

    /// <summary>A type of its own, so that Entity Framework is loaded by the first request that needs it.</summary>
    private sealed class Contexts(NpgsqlDataSource source)
    {
        public PooledDbContextFactory<PostgresDbContext> Factory { get; } =
            new(
                new DbContextOptionsBuilder<PostgresDbContext>()
                    .UseNpgsql(source, npgsql => npgsql.ExecutionStrategy(dependencies => new RepeatedReads(dependencies, source)))
                    .Options
            );
    }

    /// <summary>Repeats the reads of a context after its connection was lost.</summary>
    private sealed class RepeatedReads(ExecutionStrategyDependencies dependencies, NpgsqlDataSource source)
        : NpgsqlRetryingExecutionStrategy(dependencies, MaxLostConnections, TimeSpan.FromMilliseconds(100), null)
    {
        protected override bool ShouldRetryOn(Exception? exception)
        {
            if (exception is null || !PostgresErrors.IsLostConnection(exception))
            {
                return false;
            }

            source.Clear();
            return true;
        }
    }
}
