using System.Data.Common;

namespace Parley.Server.Data.Sql;

/// <summary>
/// One connection, and in a write one transaction, for plain SQL with named parameters. SQL is constant text; values are parameters, always.
/// Where the session has an owner, each statement that names <c>@tenant</c> and <c>@owner</c> gets them. Used by one caller at a time.
/// </summary>
public abstract class SqlSession(Owner? owner) : IAsyncDisposable
{
    /// <summary>Whose rows it may read and change; null where it may all.</summary>
    public Owner? Owner { get; } = owner;

    /// <summary>Runs a statement and returns the number of rows that it changed.</summary>
    public abstract ValueTask<int> RunAsync(string sql, params ReadOnlySpan<(string Name, SqlValue Value)> parameters);

    /// <summary>
    /// Runs a statement whose number of rows doesn't matter. In a transaction it may be sent together with the next one, or with the commit: then that is where its failure shows.
    /// </summary>
    public abstract ValueTask AddAsync(string sql, params ReadOnlySpan<(string Name, SqlValue Value)> parameters);

    /// <summary>Reads all rows.</summary>
    public abstract ValueTask<List<T>> QueryAsync<T>(
        string sql,
        Func<DbDataReader, T> read,
        params ReadOnlySpan<(string Name, SqlValue Value)> parameters
    );

    /// <summary>Reads the first row; the default value where there is none.</summary>
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
    /// Lets one transaction at a time go on that asks for this name, until it ends. Where transactions exclude each other anyway, it does nothing.
    /// </summary>
    public virtual ValueTask LockAsync(string name) => ValueTask.CompletedTask;

    public abstract ValueTask DisposeAsync();
}
