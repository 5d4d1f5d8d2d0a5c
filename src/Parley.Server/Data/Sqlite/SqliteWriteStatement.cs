using System.Text;
using Microsoft.Data.Sqlite;
using Parley.Server.Data.Sql;
using SQLitePCL;

namespace Parley.Server.Data.Sqlite;

/// <summary>
/// A prepared statement that returns no rows. <see cref="SqliteCommand"/> looks up each parameter by its name and creates a reader for each
/// execution, which takes longer than most of these statements.
/// </summary>
internal sealed class SqliteWriteStatement : IDisposable
{
    private const int StackBytes = 512;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly int[] _indexes;
    private readonly int _tenant,
        _owner;
    private readonly bool _isReadOnly;

    public SqliteWriteStatement(SqliteConnection connection, string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        _database = connection.Handle!;
        var result = raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement, out string rest);
        SqliteException.ThrowExceptionForRC(result, _database);
        if (!string.IsNullOrWhiteSpace(rest))
        {
            throw new ArgumentException("This is more than one statement.", nameof(sql));
        }

        _indexes = new int[parameters.Length];
        for (var i = 0; i < parameters.Length; i++)
        {
            _indexes[i] = raw.sqlite3_bind_parameter_index(_statement, parameters[i].Name);
        }

        _tenant = raw.sqlite3_bind_parameter_index(_statement, "@tenant");
        _owner = raw.sqlite3_bind_parameter_index(_statement, "@owner");
        _isReadOnly = raw.sqlite3_stmt_readonly(_statement) != 0;
    }

    /// <summary>Runs it and returns the number of rows that it changed; the parameters are those that it was created with.</summary>
    public int Run(ReadOnlySpan<(string Name, SqlValue Value)> parameters, Owner? owner)
    {
        try
        {
            for (var i = 0; i < parameters.Length; i++)
            {
                Bind(_indexes[i], parameters[i].Value.Value);
            }

            if (owner is { } caller)
            {
                Bind(_tenant, caller.TenantId);
                Bind(_owner, caller.UserId);
            }

            int result;
            do
            {
                result = raw.sqlite3_step(_statement);
            } while (result == raw.SQLITE_ROW);

            SqliteException.ThrowExceptionForRC(result, _database);
            return _isReadOnly ? -1 : raw.sqlite3_changes(_database);
        }
        finally
        {
            _ = raw.sqlite3_reset(_statement); // returns the failure of the step again
        }
    }

    public void Dispose() => _statement.Dispose();

    private void Bind(int index, object? value)
    {
        if (index > 0)
        {
            SqliteException.ThrowExceptionForRC(
                value switch
                {
                    null => raw.sqlite3_bind_null(_statement, index),
                    string text => BindText(index, text),
                    long number => raw.sqlite3_bind_int64(_statement, index, number),
                    bool flag => raw.sqlite3_bind_int(_statement, index, flag ? 1 : 0),
                    byte[] { Length: > 0 } bytes => raw.sqlite3_bind_blob(_statement, index, bytes),
                    byte[] => raw.sqlite3_bind_zeroblob(_statement, index, 0),
                    _ => throw new ArgumentException($"{value.GetType().Name} is not a type of {nameof(SqlValue)}.", nameof(value)),
                },
                _database
            );
        }
    }

    private int BindText(int index, string text)
    {
        // An empty span would be bound as null.
        if (text.Length == 0)
        {
            return raw.sqlite3_bind_text(_statement, index, text);
        }

        var size = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = size <= StackBytes ? stackalloc byte[StackBytes] : new byte[size];
        return raw.sqlite3_bind_text(_statement, index, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }
}
