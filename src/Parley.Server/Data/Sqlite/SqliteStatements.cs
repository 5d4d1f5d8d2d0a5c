using System.Data.Common;
using Microsoft.Data.Sqlite;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Sqlite;

/// <summary>A connection with its prepared statements: to prepare one costs several times as much as to run it. Not thread-safe.</summary>
internal sealed class SqliteStatements(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _prepared = [];
    private readonly Dictionary<string, SqliteWriteStatement> _writes = [];

    public SqliteConnection Connection { get; } = connection;

    /// <summary>Runs a statement that returns no rows, and returns the number of rows that it changed.</summary>
    public int Run(string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters, Owner? owner)
    {
        if (!_writes.TryGetValue(sql, out var statement))
        {
            _writes[sql] = statement = new SqliteWriteStatement(Connection, sql, parameters);
        }

        return statement.Run(parameters, owner);
    }

    public SqliteCommand Prepare(string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters, Owner? owner)
    {
        if (!_prepared.TryGetValue(sql, out var command))
        {
            command = Connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, value) in parameters)
            {
                command.Parameters.AddWithValue(name, value.Value ?? DBNull.Value);
            }

            if (owner is { } first)
            {
                command.Parameters.AddWithValue("@tenant", first.TenantId);
                command.Parameters.AddWithValue("@owner", first.UserId);
            }

            _prepared[sql] = command;
            return command;
        }

        for (var i = 0; i < parameters.Length; i++)
        {
            // A parameter can be null in one call and a blob or number in the next: its type is reset to that of the value.
            var parameter = command.Parameters[i];
            parameter.ResetSqliteType();
            parameter.Value = parameters[i].Value.Value ?? DBNull.Value;
        }

        if (owner is { } next)
        {
            command.Parameters[parameters.Length].Value = next.TenantId;
            command.Parameters[parameters.Length + 1].Value = next.UserId;
        }

        return command;
    }

    public void Dispose()
    {
        foreach (var command in _prepared.Values)
        {
            command.Dispose();
        }

        foreach (var statement in _writes.Values)
        {
            statement.Dispose();
        }

        Connection.Dispose();
    }

    /// <summary>Translates a failure of SQLite into the server's exception.</summary>
    public static Exception Translate(Exception exception) =>
        exception is DbException ? new DatabaseUnavailableException("SQLite failed: " + exception.Message, exception) : exception;
}
