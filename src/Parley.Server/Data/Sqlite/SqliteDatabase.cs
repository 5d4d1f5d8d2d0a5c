using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Parley.Server.Data.Sqlite;

/// <summary>
/// The data folder: its lock, its file, and connections to it. One process at a time opens a folder, so whoever holds the lock knows
/// that every other owner is gone.
/// </summary>
/// <remarks>
/// All writing and checkpointing goes through the one connection of <see cref="SqliteWriter"/>: nothing ever waits for a lock of the
/// database, and the race between checkpointing connections that SQLite had before 3.51.3 cannot happen.
/// </remarks>
public sealed class SqliteDatabase : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _readers;

    public SqliteDatabase(IOptions<DatabaseOptions> options)
    {
        Options = options.Value;
        Folder = Path.GetFullPath(Options.Folder);
        Directory.CreateDirectory(Folder);
        var file = Path.Combine(Folder, "parley.db");
        try
        {
            _lock = new FileStream(Path.Combine(Folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new InvalidOperationException($"Another Parley is using the data folder {Folder}. Stop it, or set PARLEY_DATA to another folder.", error);
        }

        WriterConnectionString = new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, ForeignKeys = true, DefaultTimeout = 0 }.ToString();
        _readers = new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = true, DefaultTimeout = 30 }.ToString();
    }

    /// <summary>How it is kept.</summary>
    public DatabaseOptions Options { get; }

    /// <summary>The folder's full path.</summary>
    public string Folder { get; }

    internal string WriterConnectionString { get; }

    /// <summary>Opens a pooled connection that can only read.</summary>
    public SqliteConnection OpenReader()
    {
        var connection = new SqliteConnection(_readers);
        connection.Open();
        return connection;
    }

    internal void ConfigureReader(DbContextOptionsBuilder options) => options.UseSqlite(_readers);

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _lock.Dispose();
    }
}
