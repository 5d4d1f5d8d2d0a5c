using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Postgres;

/// <summary>An empty database that is filled in one transaction: other sessions see it empty until <see cref="CommitAsync"/>.</summary>
internal sealed class PostgresCopyTarget : IAsyncDisposable
{
    private const int MaxBatchRows = 10_000,
        MaxBatchBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan BatchTimeout = TimeSpan.FromMinutes(10);

    /// <summary>Tables that are not copied: no node runs, and the source has copied its journal into segments.</summary>
    private static readonly string[] NotCopied = ["generation_journal", "nodes"];

    private readonly PostgresDatabase _database;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private PostgresCopyTarget(
        PostgresDatabase database,
        IReadOnlyList<CopyTable> tables,
        NpgsqlConnection connection,
        NpgsqlTransaction transaction
    ) => (_database, Tables, _connection, _transaction) = (database, tables, connection, transaction);

    /// <summary>The tables to copy, in the order in which they must be written.</summary>
    public IReadOnlyList<CopyTable> Tables { get; }

    /// <summary>Host, port and database.</summary>
    public string Address => _database.Settings.Address;

    /// <summary>The commit was sent. If its reply is lost, its outcome is not known.</summary>
    public bool IsCommitting { get; private set; }

    /// <summary>Connects, migrates, locks the tables against writes of other sessions, and begins the transaction.</summary>
    /// <exception cref="DatabaseCopyException">The database can't be used, or isn't empty.</exception>
    public static async Task<PostgresCopyTarget> OpenAsync(DatabaseOptions options, CancellationToken cancellationToken)
    {
        PostgresDatabase database;
        try
        {
            database = new PostgresDatabase(Microsoft.Extensions.Options.Options.Create(options), TimeProvider.System);
        }
        catch (FormatException exception)
        {
            throw new DatabaseCopyException(
                "The URL of the target is invalid. Write --to postgres://user:password@host:5432/database, with special characters in the password percent-encoded.",
                exception
            );
        }

        NpgsqlConnection? connection = null;
        try
        {
            await PrepareAsync(database, options, cancellationToken);
            connection = await database.ConnectAsync(cancellationToken);
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var tables = await TablesAsync(database, cancellationToken);
            await LockAsync(database, connection, tables, cancellationToken);
            return new PostgresCopyTarget(database, tables, connection, transaction);
        }
        catch (Exception exception)
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }

            var address = database.Settings.Address;
            await database.DisposeAsync();
            throw Explain(exception) is { } reason
                ? new DatabaseCopyException($"The target {address} cannot be used: {reason} Nothing was copied.", exception)
                : exception;
        }
    }

    /// <summary>Writes rows in batches. Returns the number of rows and of values that PostgreSQL can't store unchanged.</summary>
    public async Task<CopiedRows> WriteAsync(CopyTable table, IAsyncEnumerable<object?[]> rows, CancellationToken cancellationToken)
    {
        var copied = new CopiedRows(0, 0);
        await using var source = rows.GetAsyncEnumerator(cancellationToken);
        var hasMore = await source.MoveNextAsync();
        while (hasMore)
        {
            await using var import = await _connection.BeginBinaryImportAsync(
                $"COPY {table.Name} ({table.ColumnList}) FROM STDIN (FORMAT BINARY)",
                cancellationToken
            );
            import.Timeout = BatchTimeout;
            var (count, bytes) = (0, 0L);
            do
            {
                await import.StartRowAsync(cancellationToken);
                for (var i = 0; i < table.Columns.Count; i++)
                {
                    var value = Storable(source.Current[i]);
                    copied = ReferenceEquals(value, source.Current[i]) ? copied : copied with { Replaced = copied.Replaced + 1 };
                    bytes += await WriteAsync(import, table.Columns[i].Type, value, cancellationToken);
                }

                count++;
                hasMore = await source.MoveNextAsync();
            } while (hasMore && count < MaxBatchRows && bytes < MaxBatchBytes);

            await import.CompleteAsync(cancellationToken);
            copied = copied with { Count = copied.Count + count };
        }

        return copied;
    }

    public IAsyncEnumerable<object?[]> ReadAsync(CopyTable table, CancellationToken cancellationToken) =>
        table.ReadAsync(_connection, cancellationToken);

    /// <summary>A value as PostgreSQL can store it: the same object, unless it is text that must be changed.</summary>
    public static object? Storable(object? value) => value is string text ? PostgresText.Storable(text) : value;

    /// <summary>Sets the sequences of generated keys to continue after the copied ones, and commits.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        foreach (var table in Tables.Where(static table => table.Identity is not null))
        {
            await using var command = new NpgsqlCommand(
                $"SELECT setval(pg_get_serial_sequence('{table.Name}', '{table.Identity}'), coalesce(max({table.Identity}), 0) + 1, false) FROM {table.Name}",
                _connection
            );
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        IsCommitting = true;
        await _transaction.CommitAsync(CancellationToken.None);
        IsCommitting = false;
    }

    /// <summary>Describes a failure of PostgreSQL; null for any other exception.</summary>
    public static string? Explain(Exception exception) =>
        exception switch
        {
            PostgresException { SqlState: PostgresErrorCodes.DuplicateTable } =>
                "It has tables of another program. Create a new database: CREATE DATABASE parley ENCODING 'UTF8' TEMPLATE template0.",
            PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } =>
                "The user may not create or write tables there. Let the user own the database.",
            PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } =>
                "Another program is using its tables. Stop it, and run the command again.",
            InvalidOperationException { InnerException: DatabaseUnavailableException inner } =>
                $"{inner.Message} Check --to (or DATABASE_URL), and that PostgreSQL is running.",
            DatabaseUnavailableException { InnerException: NpgsqlException or System.Net.Sockets.SocketException or TimeoutException } =>
                exception.Message,
            NpgsqlException => PostgresErrors.Describe(exception),
            _ => null,
        };

    /// <summary>Rolls back the transaction if it was not committed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
        await _database.DisposeAsync();
    }

    private static async Task PrepareAsync(PostgresDatabase database, DatabaseOptions options, CancellationToken cancellationToken)
    {
        var startup = new PostgresStartup(
            database,
            Microsoft.Extensions.Options.Options.Create(options),
            TimeProvider.System,
            NullLogger<PostgresStartup>.Instance
        );
        try
        {
            await startup.StartingAsync(cancellationToken);
        }
        catch (InvalidOperationException exception) when (exception.InnerException is null)
        {
            throw new DatabaseCopyException(exception.Message, exception);
        }
    }

    private static async Task<IReadOnlyList<CopyTable>> TablesAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        await using var context = await database.OpenContextAsync(default, cancellationToken);
        return CopyTable.Of(context.Model, NotCopied);
    }

    /// <summary>Locks the tables against writes until the transaction ends, and checks that they are empty.</summary>
    private static async Task LockAsync(
        PostgresDatabase database,
        NpgsqlConnection connection,
        IReadOnlyList<CopyTable> tables,
        CancellationToken cancellationToken
    )
    {
        var names = tables.Select(static table => table.Name).ToList();
        await using (
            var settings = new NpgsqlCommand(
                $"""
                SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10s';
                LOCK TABLE {string.Join(", ", [.. NotCopied, .. names])} IN SHARE ROW EXCLUSIVE MODE
                """,
                connection
            )
        )
        {
            await settings.ExecuteNonQueryAsync(cancellationToken);
        }

        if (await ExistsAsync($"SELECT 1 FROM nodes WHERE lease_until > {database.Dialect.Now}"))
        {
            throw new DatabaseCopyException(
                $"A server is running on the target {database.Settings.Address}. Stop it, and run the command again."
            );
        }

        foreach (var name in names)
        {
            if (await ExistsAsync($"SELECT 1 FROM {name}"))
            {
                throw new DatabaseCopyException(
                    $"The target {database.Settings.Address} is not empty: the table {name} has rows. Create a new database, and copy into that one. Nothing was copied."
                );
            }
        }

        async Task<bool> ExistsAsync(string query)
        {
            await using var command = new NpgsqlCommand($"SELECT EXISTS ({query})", connection);
            return await command.ExecuteScalarAsync(cancellationToken) is true;
        }
    }

    /// <summary>Writes a value and returns its approximate size in bytes.</summary>
    private static async ValueTask<int> WriteAsync(
        NpgsqlBinaryImporter import,
        CopyType type,
        object? value,
        CancellationToken cancellationToken
    )
    {
        switch (value)
        {
            case null:
                await import.WriteNullAsync(cancellationToken);
                return 4;
            case string text:
                await import.WriteAsync(text, NpgsqlDbType.Text, cancellationToken);
                return text.Length;
            case byte[] bytes:
                await import.WriteAsync(bytes, NpgsqlDbType.Bytea, cancellationToken);
                return bytes.Length;
            case bool flag:
                await import.WriteAsync(flag, NpgsqlDbType.Boolean, cancellationToken);
                return 1;
            case int number:
                await import.WriteAsync(number, NpgsqlDbType.Integer, cancellationToken);
                return 4;
            case long number:
                await import.WriteAsync(number, NpgsqlDbType.Bigint, cancellationToken);
                return 8;
            default:
                throw new ArgumentException($"A value of a column of the type {type} cannot be written.", nameof(value));
        }
    }
}

/// <summary>The result of writing a table.</summary>
/// <param name="Count">The number of rows.</param>
/// <param name="Replaced">The number of texts in which characters that PostgreSQL can't store were replaced with U+FFFD.</param>
internal readonly record struct CopiedRows(long Count, long Replaced);
