using System.Data.Common;
using System.Security.Cryptography;
using System.Text;

namespace Parley.Server.Tests.Hosting;

/// <summary>What is stored, past the API.</summary>
internal sealed class Tables(ParleyServer server)
{
    /// <summary>The tables that hold what people did; a lease is renewed without anybody asking.</summary>
    private static readonly string[] Unwatched = ["nodes", "sqlite_sequence"];

    private static readonly string TableNames = ParleyServer.IsPostgres
        ? "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        : "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";

    /// <summary>Rows of every table, and a hash of all that is in them.</summary>
    public string Fingerprint()
    {
        using var connection = server.OpenDatabase();
        var text = new StringBuilder();
        foreach (var table in Query(connection, TableNames, row => row.GetString(0)).Except(Unwatched))
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

    /// <summary>All that is in all tables.</summary>
    public string Dump()
    {
        using var connection = server.OpenDatabase();
        return string.Concat(
            Query(connection, TableNames, row => row.GetString(0))
                .SelectMany(table => Query(connection, $"SELECT * FROM \"{table}\"", Cells))
        );
    }

    public int Count(string table, string where = "1 = 1", params (string Name, object? Value)[] parameters)
    {
        using var connection = server.OpenDatabase();
        return Query(connection, $"SELECT count(*) FROM {table} WHERE {where}", row => row.GetInt32(0), parameters)[0];
    }

    public List<T> Query<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        using var connection = server.OpenDatabase();
        return Query(connection, sql, read, parameters);
    }

    /// <summary>Changes rows, as time would: what was stored at a time is made older.</summary>
    public int Change(string sql, params (string Name, object? Value)[] parameters)
    {
        using var connection = server.OpenDatabase();
        using var command = Command(connection, sql, parameters);
        return command.ExecuteNonQuery();
    }

    private static List<T> Query<T>(
        DbConnection connection,
        string sql,
        Func<DbDataReader, T> read,
        params (string Name, object? Value)[] parameters
    )
    {
        using var command = Command(connection, sql, parameters);
        using var reader = command.ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private static DbCommand Command(DbConnection connection, string sql, (string Name, object? Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static string Cells(DbDataReader row)
    {
        var cells = new StringBuilder();
        for (var i = 0; i < row.FieldCount; i++)
        {
            cells.Append(row.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : row.GetValue(i).ToString()).Append('\u001f');
        }

        return cells.Append('\u001e').ToString();
    }
}
