using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Npgsql;
using Parley.Server.Data.Sqlite;

namespace Parley.EndToEnd;

/// <summary>
/// Looks at the database that a killed server left. Of SQLite it opens a copy: opening the file itself would repair it, and hide what the
/// next start has to deal with.
/// </summary>
public sealed class DatabaseCheck : IDisposable
{
    private readonly string? _folder;
    private readonly DbConnection _connection;

    public DatabaseCheck(string databaseFile)
    {
        Prepare();
        _folder = Directory.CreateTempSubdirectory("parley-check-").FullName;
        foreach (var end in (string[])["", "-wal"])
        {
            if (File.Exists(databaseFile + end))
            {
                File.Copy(databaseFile + end, Path.Combine(_folder, "copy.db" + end));
            }
        }

        _connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = Path.Combine(_folder, "copy.db"), Pooling = false }.ToString()
        );
        _connection.Open();
    }

    private DatabaseCheck(DbConnection connection)
    {
        _connection = connection;
        _connection.Open();
    }

    /// <summary>Looks at a database of PostgreSQL, which other processes may be using.</summary>
    public static DatabaseCheck OfPostgres(string connectionString) =>
        new(new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ToString()));

    /// <summary>The server's assembly says which native library is used; this makes it say so.</summary>
    public static void Prepare() => RuntimeHelpers.RunModuleConstructor(typeof(SqliteDatabase).Module.ModuleHandle);

    /// <summary>Throws when the file is damaged or says two things about one generation.</summary>
    public void MustBeSound()
    {
        if (_connection is SqliteConnection)
        {
            MustBe("PRAGMA integrity_check", ["ok"]);
            MustBe("PRAGMA foreign_key_check", []);
        }

        MustBe(
            "SELECT 'segment of ' || g.id FROM generation_segments s JOIN generations g ON g.key = s.generation_key WHERE g.status <> 'running'",
            []
        );
        MustBe(
            "SELECT m.id || ' ' || m.status || ' / ' || g.status FROM generations g JOIN messages m ON m.id = g.message_id WHERE m.status <> g.status",
            []
        );
        MustBe(
            "SELECT id || ' ended without a position' FROM generations WHERE status <> 'running' AND (end_position IS NULL OR ended_at IS NULL)",
            []
        );
        MustBe("SELECT generation_id || ' started by several keys' FROM idempotency_keys GROUP BY generation_id HAVING count(*) > 1", []);
        MustBe(
            "SELECT k.key || ' names nothing' FROM idempotency_keys k LEFT JOIN generations g ON g.id = k.generation_id WHERE g.id IS NULL",
            []
        );
        MustBe("SELECT content || ' was stored twice' FROM messages WHERE role = 'user' GROUP BY content HAVING count(*) > 1", []);
        MustBe(
            "SELECT id || ' has no answer' FROM messages u WHERE role = 'user' AND NOT EXISTS (SELECT 1 FROM messages a WHERE a.parent_id = u.id)",
            []
        );
        MustBe(
            "SELECT c.id || ' counts ' || c.message_count || ' messages' FROM conversations c WHERE c.message_count <> (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id)",
            []
        );
        MustBe(
            """
            SELECT c.id || ' counts ' || c.total_tokens || ' tokens' FROM conversations c WHERE c.total_tokens <>
            (SELECT coalesce(sum(coalesce(m.input_tokens, 0) + coalesce(m.output_tokens, 0)), 0) FROM messages m WHERE m.conversation_id = c.id)
            """,
            []
        );
    }

    public long Count(string table) =>
        long.Parse(Rows($"SELECT count(*) FROM {table}")[0], System.Globalization.CultureInfo.InvariantCulture);

    public List<string> Rows(string sql)
    {
        using var command = _connection.CreateCommand();
#pragma warning disable CA2100 // the tests' own constants
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        List<string> rows = [];
        while (reader.Read())
        {
            rows.Add(reader.IsDBNull(0) ? "" : reader.GetValue(0).ToString()!);
        }

        return rows;
    }

    private void MustBe(string sql, string[] expected)
    {
        var rows = Rows(sql);
        if (!rows.SequenceEqual(expected))
        {
            throw new ViolationException($"{sql} → {string.Join("; ", rows.Take(5))}");
        }
    }

    public void Dispose()
    {
        _connection.Dispose();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
