using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Sqlite;

/// <summary>A data folder that is copied: it is locked, migrated, and its journal is in segments.</summary>
internal sealed class SqliteCopySource : IDisposable
{
    private readonly SqliteFolder _folder;
    private readonly SqliteWriter _writer;
    private readonly SqliteConnection _reader;

    private SqliteCopySource(SqliteFolder folder, SqliteWriter writer)
    {
        (_folder, _writer) = (folder, writer);
        _reader = new SqliteConnection(folder.ReaderConnectionString);
    }

    public string FullPath => _folder.FullPath;

    /// <summary>Opens the folder, or the folder of the database file, that <paramref name="path"/> names.</summary>
    /// <exception cref="DatabaseCopyException">There is no database, or a server uses it.</exception>
    public static async Task<SqliteCopySource> OpenAsync(string path)
    {
        var options = new DatabaseOptions { ConnectionString = path };
        SqliteFolder.Choose(options);
        var fullPath = Path.GetFullPath(options.Folder);
        if (!SqliteFolder.HasDatabase(fullPath))
        {
            throw new DatabaseCopyException(
                $"The folder {fullPath} has no database of Parley. Set --from to the data folder of the installation to copy."
            );
        }

        SqliteFolder? folder = null;
        SqliteWriter? writer = null;
        try
        {
            folder = new SqliteFolder(Microsoft.Extensions.Options.Options.Create(options));
            writer = new SqliteWriter(folder, NullLogger<SqliteWriter>.Instance);
            await writer.RunAsync(null, SqliteGenerationStore.RecoverAsync);
            var source = new SqliteCopySource(folder, writer);
            await source._reader.OpenAsync();
            return source;
        }
        catch (Exception exception)
        {
            writer?.Dispose();
            folder?.Dispose();
            throw exception switch
            {
                InvalidOperationException when folder is null => new DatabaseCopyException(
                    $"A server is using the data folder {fullPath}. Stop it, and run the command again.",
                    exception
                ),
                InvalidOperationException or UnauthorizedAccessException or IOException => new DatabaseCopyException(
                    $"The data folder {fullPath} cannot be opened: {exception.Message}",
                    exception
                ),
                _ => exception,
            };
        }
    }

    /// <summary>Generations that the server on the target will continue.</summary>
    public async Task<long> CountRunningAsync() =>
        await _writer.RunAsync(null, static session =>
            session.FirstAsync("SELECT count(*) FROM generations WHERE status = 'running'", static row => row.GetInt64(0))
        );

    public IAsyncEnumerable<object?[]> ReadAsync(CopyTable table, CancellationToken cancellationToken) =>
        table.ReadAsync(_reader, cancellationToken);

    /// <summary>What a failure of SQLite means; null for any other exception.</summary>
    public static string? Explain(Exception exception) =>
        exception switch
        {
            DatabaseUnavailableException { InnerException: SqliteException inner } => Explain(inner),
            SqliteException => $"The SQLite database cannot be read: {exception.Message}",
            _ => null,
        };

    public void Dispose()
    {
        _reader.Dispose();
        _writer.Dispose();
        _folder.Dispose();
    }
}
