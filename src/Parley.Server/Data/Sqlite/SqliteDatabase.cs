using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Sqlite;

/// <summary>SQLite: any number of connections for reads, and one thread for writes.</summary>
public sealed class SqliteDatabase(SqliteFolder folder, SqliteWriter writer) : IDatabase, IDisposable
{
    private const int MaxIdle = 16;

    private readonly ConcurrentBag<SqliteStatements> _idle = [];
    private volatile bool _closed;

    private readonly Lazy<Contexts> _contexts = new(() => new Contexts(folder));

    /// <summary>Rows need no locks, as there is only one writer thread.</summary>
    public SqlDialect Dialect { get; } = new("CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", "");

    public ValueTask<SqlSession> OpenAsync(Owner owner, CancellationToken cancellationToken) => Open(owner);

    public ValueTask<SqlSession> OpenSystemAsync(CancellationToken cancellationToken) => Open(null);

    public Task<T> WriteAsync<T>(Owner? owner, Func<SqlSession, ValueTask<T>> work, Action<T>? committed = null) =>
        writer.RunAsync(owner, work, committed);

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
            return (await session.QueryAsync("SELECT 1", static row => row.GetInt32(0))).Count == 1;
        }
        catch (DatabaseUnavailableException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out var statements))
        {
            statements.Dispose();
        }
    }

    private ValueTask<SqlSession> Open(Owner? owner)
    {
        if (!_idle.TryTake(out var statements))
        {
            try
            {
                var connection = new SqliteConnection(folder.ReaderConnectionString);
                connection.Open();
                statements = new SqliteStatements(connection);
            }
            catch (SqliteException exception)
            {
                return ValueTask.FromException<SqlSession>(SqliteStatements.Translate(exception));
            }
        }

        return ValueTask.FromResult<SqlSession>(new SqliteSession(statements, owner, Return));
    }

    private void Return(SqliteStatements statements)
    {
        if (_closed || _idle.Count >= MaxIdle)
        {
            statements.Dispose();
        }
        else
        {
            _idle.Add(statements);
        }
    }

    /// <summary>A type of its own, so that Entity Framework is loaded by the first request that needs it.</summary>
    private sealed class Contexts(SqliteFolder folder)
    {
        public PooledDbContextFactory<SqliteDbContext> Factory { get; } =
            new(new DbContextOptionsBuilder<SqliteDbContext>().UseSqlite(folder.ReaderConnectionString).Options);
    }
}
