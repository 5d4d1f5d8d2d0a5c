using System.Data.Common;
using Microsoft.Data.Sqlite;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Sqlite;

/// <summary>A session on a connection of SQLite, which is a library: everything completes at once.</summary>
internal sealed class SqliteSession(SqliteStatements statements, Owner? owner, Action<SqliteStatements>? giveBack = null)
    : SqlSession(owner)
{
    public override ValueTask DisposeAsync()
    {
        giveBack?.Invoke(statements);
        return ValueTask.CompletedTask;
    }

    protected override DbCommand Prepare(string sql, ReadOnlySpan<(string Name, object? Value)> parameters) =>
        statements.Prepare(sql, parameters, HasOwner(sql) ? Owner : null);

    protected override ValueTask<int> ExecuteAsync(DbCommand command)
    {
        try
        {
            return ValueTask.FromResult(command.ExecuteNonQuery());
        }
        catch (SqliteException exception)
        {
            return ValueTask.FromException<int>(SqliteStatements.Translate(exception));
        }
    }

    protected override ValueTask<List<T>> ReadAllAsync<T>(DbCommand command, Func<DbDataReader, T> read)
    {
        try
        {
            using var reader = command.ExecuteReader();
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
}
