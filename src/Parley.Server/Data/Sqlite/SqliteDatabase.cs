using System.Collections.Concurrent;
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
    private const int MostIdle = 16;

    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private readonly FileStream _lock;
    private readonly string _readers;
    private volatile bool _closed;

    public SqliteDatabase(IOptions<DatabaseOptions> options)
    {
        Options = options.Value;
        Folder = Path.GetFullPath(Options.Folder);
        CreateFolder();
        var file = Path.Combine(Folder, "parley.db");
        try
        {
            _lock = new FileStream(Path.Combine(Folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new InvalidOperationException(
                $"Another Parley is using the data folder {Folder}. Stop it, or set PARLEY_DATA to another folder.",
                error
            );
        }

        WriterConnectionString = new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Pooling = false,
            ForeignKeys = true,
            DefaultTimeout = 0,
        }.ToString();
        _readers = new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = true,
            DefaultTimeout = 30,
        }.ToString();
    }

    /// <summary>How it is kept.</summary>
    public DatabaseOptions Options { get; }

    /// <summary>The folder's full path.</summary>
    public string Folder { get; }

    internal string WriterConnectionString { get; }

    /// <summary>A connection that can only read. Dispose it to give it back.</summary>
    public SqliteSession OpenReader()
    {
        if (_idle.TryTake(out var session))
        {
            return session;
        }

        var connection = new SqliteConnection(_readers);
        connection.Open();
        return new SqliteSession(connection, GiveBack);
    }

    /// <summary>What people write, and the keys that sign their cookies, are for the server's user alone.</summary>
    private void CreateFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Folder);
        }
        else
        {
            Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private void GiveBack(SqliteSession session)
    {
        if (_closed || _idle.Count >= MostIdle)
        {
            session.Close();
        }
        else
        {
            _idle.Add(session);
        }
    }

    internal void ConfigureReader(DbContextOptionsBuilder options) => options.UseSqlite(_readers);

    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out var session))
        {
            session.Close();
        }

        SqliteConnection.ClearAllPools();
        _lock.Dispose();
    }
}
