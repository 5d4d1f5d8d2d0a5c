using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Parley.Server.Data.Model;
using Parley.Server.Data.Postgres;
using Parley.Server.Data.Sqlite;
using Parley.Server.Tests.Data.Postgres;
using Parley.Testing.Generations;

namespace Parley.Server.Tests.Data;

/// <summary>What the migrations of each database create is what the entities need, and the same in both.</summary>
public sealed class SchemaTests
{
    /// <summary>Its rows belong to a node in PostgreSQL; SQLite has one node.</summary>
    private const string Journal = "generation_journal";

    private const string SqliteColumns = """
        SELECT t.name, c.name, lower(c.type), c."notnull" = 0
        FROM sqlite_master t JOIN pragma_table_info(t.name) c
        WHERE t.type = 'table' AND t.name NOT LIKE '\_\_%' ESCAPE '\' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
        """;

    private const string SqliteIndexes = """
        SELECT t.name, (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)), i."unique" = 1
        FROM sqlite_master t JOIN pragma_index_list(t.name) i
        WHERE t.type = 'table' AND i.origin = 'c' AND t.name NOT LIKE '\_\_%' ESCAPE '\'
        """;

    private const string PostgresColumns = """
        SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES' FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name NOT LIKE '\_\_%'
        """;

    private const string PostgresIndexes = """
        SELECT i.indrelid::regclass::text,
            (SELECT string_agg(a.attname, ', ' ORDER BY k.number) FROM unnest(i.indkey) WITH ORDINALITY AS k (attribute, number)
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attribute),
            i.indisunique
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisprimary
        """;

    [Fact]
    public async Task Sqlite_AfterItsMigrations_HasWhatTheEntitiesNeed()
    {
        using var process = SqliteProcess.Create();
        await using var connection = await OpenAsync(process);
        await using var context = new SqliteDbContext(new DbContextOptionsBuilder<SqliteDbContext>().UseSqlite(connection).Options);
        Assert.Equal(Columns(context), await ColumnsAsync(connection, SqliteColumns));
        Assert.Equal(Indexes(context), await IndexesAsync(connection, SqliteIndexes));
    }

    [Fact]
    public async Task Postgres_AfterItsMigrations_HasWhatTheEntitiesNeed()
    {
        await using var data = await TestDatabase.CreateAsync();
        await using var connection = await OpenAsync(data);
        await using var context = new PostgresDbContext(new DbContextOptionsBuilder<PostgresDbContext>().UseNpgsql(connection).Options);
        Assert.Equal(Columns(context), await ColumnsAsync(connection, PostgresColumns));
        Assert.Equal(Indexes(context), await IndexesAsync(connection, PostgresIndexes));
    }

    [Fact]
    public async Task Tables_OfBothDatabases_HaveTheSameColumns()
    {
        using var process = SqliteProcess.Create();
        await using var sqlite = await OpenAsync(process);
        await using var data = await TestDatabase.CreateAsync();
        await using var postgres = await OpenAsync(data);
        Assert.Equal(
            Without(await ColumnsAsync(sqlite, SqliteColumns)).Select(InBoth),
            Without(await ColumnsAsync(postgres, PostgresColumns)).Select(InBoth)
        );

        static IEnumerable<Column> Without(IEnumerable<Column> columns) => columns.Where(static column => column.Table != Journal);
    }

    private static async Task<SqliteConnection> OpenAsync(SqliteProcess process)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(process.Folder, "parley.db")};Pooling=False");
        await connection.OpenAsync(Patience.Cancel);
        return connection;
    }

    private static async Task<NpgsqlConnection> OpenAsync(TestDatabase data)
    {
        var connection = new NpgsqlConnection(data.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Patience.Cancel);
        return connection;
    }

    private static List<Column> Columns(ParleyDbContext context) =>
        Sorted(
            context
                .Model.GetRelationalModel()
                .Tables.SelectMany(table =>
                    table.Columns.Select(column => new Column(
                        table.Name,
                        column.Name,
                        column.StoreType.ToLowerInvariant(),
                        column.IsNullable
                    ))
                )
        );

    private static List<Index> Indexes(ParleyDbContext context) =>
        Sorted(
            context
                .Model.GetRelationalModel()
                .Tables.SelectMany(table =>
                    table.Indexes.Select(index => new Index(
                        table.Name,
                        string.Join(", ", index.Columns.Select(static column => column.Name)),
                        index.IsUnique
                    ))
                )
        );

    private static async Task<List<Column>> ColumnsAsync(DbConnection connection, string sql) =>
        Sorted(
            await QueryAsync(connection, sql, static row => new Column(
                row.GetString(0),
                row.GetString(1),
                row.GetString(2),
                row.GetBoolean(3)
            ))
        );

    private static async Task<List<Index>> IndexesAsync(DbConnection connection, string sql) =>
        Sorted(await QueryAsync(connection, sql, static row => new Index(row.GetString(0), row.GetString(1), row.GetBoolean(2))));

    private static async Task<List<T>> QueryAsync<T>(DbConnection connection, string sql, Func<DbDataReader, T> read)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(Patience.Cancel);
        List<T> rows = [];
        while (await reader.ReadAsync(Patience.Cancel))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private static List<T> Sorted<T>(IEnumerable<T> items) => [.. items.OrderBy(static item => item!.ToString(), StringComparer.Ordinal)];

    /// <summary>
    /// A column with a type that both databases have: SQLite's integers are of any size, and its booleans are integers. The id of a
    /// generation may be NULL in SQLite, whose columns can't be changed.
    /// </summary>
    private static Column InBoth(Column column) =>
        column with
        {
            IsNullable = column.IsNullable && column is not { Table: "generations", Name: "id" },
            Type = column.Type switch
            {
                "bigint" or "integer" or "boolean" => "number",
                "bytea" or "blob" => "bytes",
                var type => type,
            },
        };

    private sealed record Column(string Table, string Name, string Type, bool IsNullable);

    private sealed record Index(string Table, string Columns, bool IsUnique);
}
