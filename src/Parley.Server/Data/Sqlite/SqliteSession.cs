using Microsoft.Data.Sqlite;

namespace Parley.Server.Data.Sqlite;

/// <summary>
/// A connection with the statements that it has prepared: preparing one costs several times what running it does. Plain ADO.NET for the hot path; SQL is constant text, values
/// are parameters, always. Used by one thread at a time.
/// </summary>
public sealed class SqliteSession(SqliteConnection connection, Action<SqliteSession>? giveBack = null) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _prepared = [];

    /// <summary>The connection itself.</summary>
    public SqliteConnection Connection { get; } = connection;

    /// <summary>Runs a statement and returns the number of rows that it changed.</summary>
    public int Run(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) => Prepare(sql, parameters).ExecuteNonQuery();

    /// <summary>Reads all rows.</summary>
    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var reader = Prepare(sql, parameters).ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private SqliteCommand Prepare(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (!_prepared.TryGetValue(sql, out var command))
        {
            command = Connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, value) in parameters)
            {
                command.Parameters.AddWithValue(name, value ?? DBNull.Value);
            }

            _prepared[sql] = command;
            return command;
        }

        for (var i = 0; i < parameters.Length; i++)
        {
            // Blobs and numbers share a parameter with null: the type is that of the value, each time.
            var parameter = command.Parameters[i];
            parameter.ResetSqliteType();
            parameter.Value = parameters[i].Value ?? DBNull.Value;
        }

        return command;
    }

    /// <summary>Gives it back to where it came from, or closes it.</summary>
    public void Dispose()
    {
        if (giveBack is not null)
        {
            giveBack(this);
        }
        else
        {
            Close();
        }
    }

    /// <summary>Closes it for good.</summary>
    public void Close()
    {
        foreach (var command in _prepared.Values)
        {
            command.Dispose();
        }

        Connection.Dispose();
    }
}
