using System.Data.Common;

namespace Parley.Server.Data.Sql;

/// <summary>
/// One connection, and in a write one transaction, for plain SQL with named parameters. SQL is constant text; values are always parameters.
/// If the session has an owner, it sets <c>@tenant</c> and <c>@owner</c> in each statement that uses them. Not thread-safe.
/// </summary>
public abstract class SqlSession(Owner? owner) : IAsyncDisposable
{
    /// <summary>The owner whose rows are read and changed; null for all owners.</summary>
    public Owner? Owner { get; } = owner;

    /// <summary>Runs a statement and returns the number of rows that it changed.</summary>
    public abstract ValueTask<int> RunAsync(string sql, params ReadOnlySpan<(string Name, SqlValue Value)> parameters);

    /// <summary>
    /// Runs a statement whose number of rows doesn't matter. In a transaction it may be sent together with the next statement or the
    /// commit, which then throws if it fails.
    /// </summary>
    public abstract ValueTask AddAsync(string sql, params ReadOnlySpan<(string Name, SqlValue Value)> parameters);

    /// <summary>Reads all rows.</summary>
    public abstract ValueTask<List<T>> QueryAsync<T>(
        string sql,
        Func<DbDataReader, T> read,
        params ReadOnlySpan<(string Name, SqlValue Value)> parameters
    );

    /// <summary>Reads the first row; the default value when there is none.</summary>
    public ValueTask<T?> FirstAsync<T>(
        string sql,
        Func<DbDataReader, T> read,
        params ReadOnlySpan<(string Name, SqlValue Value)> parameters
    )
    {
        return First(QueryAsync(sql, read, parameters));

        static async ValueTask<T?> First(ValueTask<List<T>> rows) => (await rows) is [var first, ..] ? first : default;
    }

    /// <summary>
    /// Acquires an exclusive lock on a name until the end of the transaction. Does nothing where transactions are serialized anyway.
    /// </summary>
    public virtual ValueTask LockAsync(string name) => ValueTask.CompletedTask;

    public abstract ValueTask DisposeAsync();
}
