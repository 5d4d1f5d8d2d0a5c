using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Sqlite;

/// <summary>A session on a connection of SQLite, which is a library: every operation completes synchronously.</summary>
internal sealed class SqliteSession(SqliteStatements statements, Owner? owner, Action<SqliteStatements>? release = null) : SqlSession(owner)
{
    private static readonly ConcurrentDictionary<string, bool> UsesOwner = new();

    public override ValueTask DisposeAsync()
    {
        release?.Invoke(statements);
        return ValueTask.CompletedTask;
    }

    public override ValueTask<int> RunAsync(string sql, params ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        try
        {
            return ValueTask.FromResult(statements.Run(sql, parameters, Owner));
        }
        catch (SqliteException exception)
        {
            return ValueTask.FromException<int>(SqliteStatements.Translate(exception));
        }
    }

    public override ValueTask AddAsync(string sql, params ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        try
        {
            statements.Run(sql, parameters, Owner);
            return ValueTask.CompletedTask;
        }
        catch (SqliteException exception)
        {
            return ValueTask.FromException(SqliteStatements.Translate(exception));
        }
    }

    public override ValueTask<List<T>> QueryAsync<T>(
        string sql,
        Func<DbDataReader, T> read,
        params ReadOnlySpan<(string Name, SqlValue Value)> parameters
    )
    {
        try
        {
            using var reader = Prepare(sql, parameters).ExecuteReader();
            List<T> rows = [];
            while (reader.Read())
            {
                rows.Add(read(reader));
            }

            return ValueTask.FromResult(rows);
        }
        catch (SqliteException exception)
        {
            return ValueTask.FromException<List<T>>(SqliteStatements.Translate(exception));
        }
    }

    private SqliteCommand Prepare(string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters) =>
        statements.Prepare(sql, parameters, HasOwner(sql) ? Owner : null);

    private static bool HasOwner(string sql) => UsesOwner.GetOrAdd(sql, static text => text.Contains("@owner", StringComparison.Ordinal));
}
