using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Parley.Server.Http;

namespace Parley.Server.Tests.Hosting;

/// <summary>What is stored, past the API.</summary>
internal sealed class Tables(ParleyServer server)
{
    /// <summary>The tables that hold what people did; a lease is renewed without anybody asking.</summary>
    private static readonly string[] Unwatched = ["nodes", "sqlite_sequence"];

    /// <summary>Rows of every table, and a hash of all that is in them.</summary>
    public string Fingerprint()
    {
        using var connection = Open();
        var text = new StringBuilder();
        foreach (
            var table in Query(connection, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", row => row.GetString(0))
                .Except(Unwatched)
        )
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var rows = 0;
            foreach (var cells in Query(connection, $"SELECT * FROM \"{table}\" ORDER BY 1, 2", Cells))
            {
                rows++;
                hash.AppendData(Encoding.UTF8.GetBytes(cells));
            }

            text.Append(table).Append(' ').Append(rows).Append(' ').AppendLine(Convert.ToHexString(hash.GetHashAndReset())[..16]);
        }

        return text.ToString();
    }

    public int Count(string table, string where = "1 = 1", params (string Name, object? Value)[] parameters)
    {
        using var connection = Open();
        return Query(connection, $"SELECT count(*) FROM {table} WHERE {where}", row => row.GetInt32(0), parameters)[0];
    }

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        using var connection = Open();
        return Query(connection, sql, read, parameters);
    }

    /// <summary>Changes rows, as time would: what was stored at a time is made older.</summary>
    public int Change(string sql, params (string Name, object? Value)[] parameters)
    {
        using var connection = Open(SqliteOpenMode.ReadWrite);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command.ExecuteNonQuery();
    }

    private SqliteConnection Open(SqliteOpenMode mode = SqliteOpenMode.ReadOnly)
    {
        var file = Path.Combine(server.Folder, "parley.db");
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = file,
                Mode = mode,
                Pooling = false,
                DefaultTimeout = 30,
            }.ToString()
        );
        connection.Open();
        return connection;
    }

    private static List<T> Query<T>(
        SqliteConnection connection,
        string sql,
        Func<SqliteDataReader, T> read,
        params (string Name, object? Value)[] parameters
    )
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        using var reader = command.ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private static string Cells(SqliteDataReader row)
    {
        var cells = new StringBuilder();
        for (var i = 0; i < row.FieldCount; i++)
        {
            cells.Append(row.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : row.GetValue(i).ToString()).Append('\u001f');
        }

        return cells.Append('\u001e').ToString();
    }
}
