using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Sqlite;

/// <summary>
/// The one writer of the database: a thread with a connection of its own. What waits while a commit runs shares the next one; each piece of
/// work stands for itself, so one that fails does not take the others with it.
/// </summary>
public sealed partial class SqliteWriter : IDisposable
{
    private const int MaxPerCommit = 256,
        QueueLimit = 10_000;

    /// <summary>The first version in which a checkpoint can't corrupt a database in WAL mode.</summary>
    private static readonly Version OldestSqlite = new(3, 51, 3);

    private readonly WorkQueue<Work> _queue = new(QueueLimit);
    private readonly ILogger<SqliteWriter> _logger;
    private readonly Thread _thread;
    private readonly SqliteConnection _connection;
    private readonly SqliteStatements _statements;
    private readonly SqliteCommand _begin,
        _commit,
        _rollback;

    public SqliteWriter(SqliteFolder folder, ILogger<SqliteWriter> logger)
    {
        _logger = logger;
        _connection = new SqliteConnection(folder.WriterConnectionString);
        _connection.Open();
        var version = Version.Parse(_connection.ServerVersion);
        if (version < OldestSqlite)
        {
            throw new InvalidOperationException($"SQLite {version} is too old; Parley needs {OldestSqlite} or newer.");
        }

        LogOpened(folder.FullPath, version, folder.Options.Durability);
        Migrate();
        Execute("PRAGMA journal_mode = WAL");
        Execute(folder.Options.Durability == Durability.Power ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        Execute("PRAGMA wal_autocheckpoint = 4000");
        Execute("PRAGMA journal_size_limit = 67108864");
        Execute("PRAGMA temp_store = MEMORY");
        Execute("PRAGMA cache_size = -16000");
        (_begin, _commit, _rollback) = (Command("BEGIN IMMEDIATE"), Command("COMMIT"), Command("ROLLBACK"));
        _statements = new SqliteStatements(_connection);
        _thread = new Thread(Loop) { IsBackground = true, Name = "SQLite writer" };
        _thread.Start();
    }

    /// <summary>
    /// Runs <paramref name="work"/> on the writer's connection inside a transaction, and returns its result once that is committed.
    /// When it throws, only its own changes are undone.
    /// </summary>
    /// <param name="owner">Whose rows it reads and changes; null for all.</param>
    /// <param name="work">What to do. It awaits its session alone, and so completes at once.</param>
    /// <param name="committed">Runs on the writer's thread after the commit, before anything else does.</param>
    /// <param name="resumeHere">Runs the caller's continuation on the writer's thread, which saves it a change of threads: only for callers that do little before they wait again.</param>
    public Task<T> RunAsync<T>(Owner? owner, Func<SqlSession, ValueTask<T>> work, Action<T>? committed = null, bool resumeHere = false)
    {
        var item = new Work<T>(owner, work, committed, resumeHere);
        // Bounded: with this many waiting, the database is far behind, and an immediate refusal is better than a long wait.
        return _queue.TryAdd(item) ? item.Task : Task.FromException<T>(new DatabaseBusyException());
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
        while (_queue.TakeAll(batch, MaxPerCommit))
        {
            try
            {
                CommitBatch(batch);
            }
            catch (Exception exception)
            {
                LogCommitFailed(exception, batch.Count);
                TryRollback();
                foreach (var work in batch)
                {
                    work.Fail(exception);
                }
            }

            batch.Clear();
        }
    }

    /// <summary>
    /// All in one transaction. Where a piece of work fails, none of it counts, and each is done again by itself: only the one that fails is refused. So the common case
    /// needs no savepoints; work may run twice, and counts once.
    /// </summary>
    private void CommitBatch(List<Work> batch)
    {
        _begin.ExecuteNonQuery();
        try
        {
            foreach (var work in batch)
            {
                work.Execute(_statements);
            }
        }
        catch (Exception exception) when (batch.Count > 1)
        {
            LogAlone(exception, batch.Count);
            TryRollback();
            foreach (var work in batch)
            {
                CommitAlone(work);
            }

            return;
        }

        _commit.ExecuteNonQuery();
        foreach (var work in batch)
        {
            work.Complete();
        }
    }

    private void CommitAlone(Work work)
    {
        try
        {
            _begin.ExecuteNonQuery();
            work.Execute(_statements);
            _commit.ExecuteNonQuery();
            work.Complete();
        }
        catch (Exception exception)
        {
            TryRollback();
            work.Fail(exception);
        }
    }

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
        if (!_queue.Close())
        {
            return;
        }

        _thread.Join();
        _statements.Dispose();
    }

    private abstract class Work
    {
        public abstract void Execute(SqliteStatements statements);
        public abstract void Complete();
        public abstract void Fail(Exception exception);
    }

    private sealed class Work<T>(Owner? owner, Func<SqlSession, ValueTask<T>> work, Action<T>? committed, bool resumeHere) : Work
    {
        private readonly TaskCompletionSource<T> _done = new(
            resumeHere ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously
        );
        private T? _result;

        public Task<T> Task => _done.Task;

        public override void Execute(SqliteStatements statements)
        {
            var running = work(new SqliteSession(statements, owner));
            if (!running.IsCompleted)
            {
                throw new InvalidOperationException("A write awaited something other than its session.");
            }

            _result = running.GetAwaiter().GetResult();
        }

        public override void Complete()
        {
            committed?.Invoke(_result!);
            _done.SetResult(_result!);
        }

        public override void Fail(Exception exception) => _done.TrySetException(SqliteStatements.Translate(exception));
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Database in {Folder}, SQLite {Version}; a commit survives the end of the {Durability}."
    )]
    private partial void LogOpened(string folder, Version version, Durability durability);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A batch of {Count} writes failed; retrying each in its own transaction.")]
    private partial void LogAlone(Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "A commit of {Count} writes failed; none of them took effect.")]
    private partial void LogCommitFailed(Exception exception, int count);
}
