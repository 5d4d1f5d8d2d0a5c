using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace Parley.Server.Data.Sqlite;

/// <summary>
/// The data folder: its lock, and the database file in it. Only one process can open a folder, so the process that holds the lock knows
/// that every other owner of generations is gone.
/// </summary>
/// <remarks>
/// All writes and checkpoints use the one connection of <see cref="SqliteWriter"/>, so nothing waits for a lock of the database.
/// </remarks>
public sealed class SqliteFolder : IDisposable
{
    private const string FileName = "parley.db";

    private readonly FileStream _lock;

    public SqliteFolder(IOptions<DatabaseOptions> options)
    {
        Options = options.Value;
        FullPath = Path.GetFullPath(Options.Folder);
        DataFolder.Create(FullPath);
        var file = Path.Combine(FullPath, FileName);
        try
        {
            _lock = new FileStream(Path.Combine(FullPath, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new InvalidOperationException(
                $"Another Parley is using the data folder {FullPath}. Stop it, or set PARLEY_DATA to another folder.",
                exception
            );
        }

        WriterConnectionString = new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Pooling = false,
            ForeignKeys = true,
            DefaultTimeout = 0,
        }.ToString();
        ReaderConnectionString = new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = true,
            DefaultTimeout = 30,
        }.ToString();
    }

    public DatabaseOptions Options { get; }

    public string FullPath { get; }

    internal string WriterConnectionString { get; }

    internal string ReaderConnectionString { get; }

    /// <summary>Interprets a connection string that isn't PostgreSQL's as the path of the folder, or of the database file in it.</summary>
    internal static void Choose(DatabaseOptions options)
    {
        if (string.IsNullOrEmpty(options.ConnectionString))
        {
            return;
        }

        var path = options.ConnectionString;
        options.Folder = Path.GetFileName(path) == FileName ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;
    }

    internal static bool HasDatabase(string folder) => File.Exists(Path.Combine(folder, FileName));

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _lock.Dispose();
    }
}
