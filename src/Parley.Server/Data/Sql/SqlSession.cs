using System.Collections.Concurrent;
using System.Data.Common;

namespace Parley.Server.Data.Sql;

/// <summary>
/// One connection, and in a write one transaction, for plain SQL with named parameters. SQL is constant text; values are parameters, always.
/// Where the session has an owner, each statement that names <c>@tenant</c> and <c>@owner</c> gets them. Used by one caller at a time.
/// </summary>
public abstract class SqlSession(Owner? owner) : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<string, bool> NamesOwner = new();

    /// <summary>Whose rows it may read and change; null where it may all.</summary>
    public Owner? Owner { get; } = owner;

    /// <summary>Runs a statement and returns the number of rows that it changed.</summary>
    public ValueTask<int> RunAsync(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        ExecuteAsync(Prepare(sql, parameters));

    /// <summary>Reads all rows.</summary>
    public ValueTask<List<T>> QueryAsync<T>(
        string sql,
        Func<DbDataReader, T> read,
        params ReadOnlySpan<(string Name, object? Value)> parameters
    ) => ReadAllAsync(Prepare(sql, parameters), read);

    /// <summary>Reads the first row; the default value where there is none.</summary>
    public ValueTask<T?> FirstAsync<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        return First(ReadAllAsync(Prepare(sql, parameters), read));

        static async ValueTask<T?> First(ValueTask<List<T>> rows) => (await rows) is [var first, ..] ? first : default;
    }

    /// <summary>
    /// Lets one transaction at a time go on that asks for this name, until it ends. Where transactions exclude each other anyway, it does nothing.
    /// </summary>
    public virtual ValueTask LockAsync(string name) => ValueTask.CompletedTask;

    public abstract ValueTask DisposeAsync();

    /// <summary>A command of this connection with these values. It is the session's to dispose.</summary>
    protected abstract DbCommand Prepare(string sql, ReadOnlySpan<(string Name, object? Value)> parameters);

    protected abstract ValueTask<int> ExecuteAsync(DbCommand command);

    protected abstract ValueTask<List<T>> ReadAllAsync<T>(DbCommand command, Func<DbDataReader, T> read);

    protected static bool HasOwner(string sql) =>
        NamesOwner.GetOrAdd(sql, static text => text.Contains("@owner", StringComparison.Ordinal));
}
