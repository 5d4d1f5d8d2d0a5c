using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Parley.Server.Data.Sqlite;

/// <summary>
/// The one writer of the database: a thread with a connection of its own. What waits while a commit runs shares the next one; each piece of
/// work stands for itself, so one that fails does not take the others with it.
/// </summary>
public sealed partial class SqliteWriter : IDisposable
{
    private const int MostPerCommit = 256, QueueLimit = 10_000;
    private const int NoMemory = 7, IoError = 10, Corrupt = 11, Full = 13;

    private readonly BlockingCollection<Work> _queue = new(QueueLimit);
    private readonly ILogger<SqliteWriter> _logger;
    private readonly Thread _thread;
    private readonly SqliteConnection _connection;
    private readonly SqliteSession _session;
    private readonly SqliteCommand _begin, _commit, _rollback, _savepoint, _release, _rollbackTo;

    public SqliteWriter(SqliteDatabase database, ILogger<SqliteWriter> logger)
    {
        _logger = logger;
        _connection = new SqliteConnection(database.WriterConnectionString);
        _connection.Open();
        var version = Version.Parse(_connection.ServerVersion);
        if (version < SqliteNative.Oldest) throw new InvalidOperationException($"SQLite {version} is too old; Parley needs {SqliteNative.Oldest} or newer.");
        LogOpened(database.Folder, version, database.Options.Durability);
        Migrate();
        Execute("PRAGMA journal_mode = WAL");
        Execute(database.Options.Durability == Durability.Power ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        Execute("PRAGMA wal_autocheckpoint = 4000");
        Execute("PRAGMA journal_size_limit = 67108864");
        Execute("PRAGMA temp_store = MEMORY");
        Execute("PRAGMA cache_size = -16000");
        (_begin, _commit, _rollback) = (Command("BEGIN IMMEDIATE"), Command("COMMIT"), Command("ROLLBACK"));
        (_savepoint, _release, _rollbackTo) = (Command("SAVEPOINT work"), Command("RELEASE work"), Command("ROLLBACK TO work"));
        _session = new SqliteSession(_connection);
        _thread = new Thread(Loop) { IsBackground = true, Name = "SQLite writer" };
        _thread.Start();
    }

    /// <summary>
    /// Runs <paramref name="work"/> on the writer's connection inside a transaction, and returns its result once that is committed.
    /// When it throws, only its own changes are undone. <paramref name="committed"/> runs on the writer's thread after the commit and before anything else.
    /// </summary>
    public Task<T> RunAsync<T>(Func<SqliteSession, T> work, Action<T>? committed = null)
    {
        var item = new Work<T>(work, committed);
        // Bounded: with this many waiting, the database is far behind, and a quick refusal is the honest answer.
        if (!_queue.TryAdd(item)) return Task.FromException<T>(new DatabaseBusyException());
        return item.Task;
    }

    /// <summary>As <see cref="RunAsync{T}(Func{SqliteSession, T}, Action{T}?)"/>, with a context on the writer's connection.</summary>
    public Task<T> RunAsync<T>(Func<ParleyDbContext, T> work) => RunAsync(session =>
    {
        using var context = Context(session.Connection);
        return work(context);
    });

    private static SqliteDbContext Context(SqliteConnection connection)
    {
        var context = new SqliteDbContext(new DbContextOptionsBuilder<SqliteDbContext>().UseSqlite(connection).Options);
        context.Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;
        return context;
    }

    private void Migrate()
    {
        // A process that was killed while it migrated leaves Entity Framework's lock behind, and the next one would wait for it for ever. The folder's lock keeps others out.
        Execute("DROP TABLE IF EXISTS __EFMigrationsLock");
        using var context = new SqliteDbContext(new DbContextOptionsBuilder<SqliteDbContext>().UseSqlite(_connection).Options);
        context.Database.Migrate();
    }

    private void Loop()
    {
        List<Work> batch = [];
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            batch.Add(first);
            while (batch.Count < MostPerCommit && _queue.TryTake(out var next)) batch.Add(next);
            try
            {
                CommitBatch(batch);
            }
            catch (Exception error)
            {
                LogCommitFailed(error, batch.Count);
                TryRollback();
                foreach (var work in batch) work.Fail(error);
            }

            batch.Clear();
        }
    }

    private void CommitBatch(List<Work> batch)
    {
        _begin.ExecuteNonQuery();
        for (var i = 0; i < batch.Count; i++)
        {
            var alone = batch.Count == 1;
            if (!alone) _savepoint.ExecuteNonQuery();
            try
            {
                batch[i].Execute(_session);
            }
            catch (Exception error) when (!alone && !EndsTransaction(error))
            {
                _rollbackTo.ExecuteNonQuery();
                batch[i].Fail(error);
            }

            if (!alone) _release.ExecuteNonQuery();
        }

        _commit.ExecuteNonQuery();
        foreach (var work in batch) work.Complete();
    }

    /// <summary>SQLite rolls the whole transaction back by itself when the disk is full or fails.</summary>
    private static bool EndsTransaction(Exception error) => error is SqliteException { SqliteErrorCode: NoMemory or IoError or Full or Corrupt };

    private void TryRollback()
    {
        try
        {
            _rollback.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself.
        }
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Prepare();
        return command;
    }

    /// <summary>Commits what waits, then closes.</summary>
    public void Dispose()
    {
        if (_queue.IsAddingCompleted) return;
        _queue.CompleteAdding();
        _thread.Join();
        _session.Close();
        _queue.Dispose();
    }

    private abstract class Work
    {
        public abstract void Execute(SqliteSession session);
        public abstract void Complete();
        public abstract void Fail(Exception error);
    }

    private sealed class Work<T>(Func<SqliteSession, T> work, Action<T>? committed) : Work
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;
        private bool _failed;

        public Task<T> Task => _done.Task;

        public override void Execute(SqliteSession session) => _result = work(session);

        public override void Complete()
        {
            if (_failed) return;
            committed?.Invoke(_result!);
            _done.SetResult(_result!);
        }

        public override void Fail(Exception error)
        {
            _failed = true;
            _done.TrySetException(error);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Database in {Folder}, SQLite {Version}; a commit survives the end of the {Durability}.")]
    private partial void LogOpened(string folder, Version version, Durability durability);

    [LoggerMessage(Level = LogLevel.Error, Message = "A commit of {Count} pieces of work failed; none of them took effect.")]
    private partial void LogCommitFailed(Exception error, int count);
}

/// <summary>The database is so far behind that it takes no more work now.</summary>
public sealed class DatabaseBusyException() : Exception("The database is overloaded.");
