using Microsoft.Data.Sqlite;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Sqlite;

/// <summary>
/// The one writer of the database: a thread with its own connection. Writes that wait during a commit share the next one; when one of them
/// fails, the others are committed without it.
/// </summary>
public sealed partial class SqliteWriter : IDisposable
{
    private const int MaxPerCommit = 256,
        QueueLimit = 10_000;

    /// <summary>The first version in which a checkpoint can't corrupt a database in WAL mode.</summary>
    private static readonly Version MinSqliteVersion = new(3, 51, 3);

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
        if (version < MinSqliteVersion)
        {
            throw new InvalidOperationException($"SQLite {version} is too old; Parley needs {MinSqliteVersion} or newer.");
        }

        LogOpened(folder.FullPath, version, folder.Options.Durability);
        Execute("PRAGMA journal_mode = WAL");
        Execute(folder.Options.Durability == Durability.Power ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        Execute("PRAGMA wal_autocheckpoint = 4000");
        Execute("PRAGMA journal_size_limit = 67108864");
        Execute("PRAGMA temp_store = MEMORY");
        Execute("PRAGMA cache_size = -16000");
        Migrate();
        (_begin, _commit, _rollback) = (Command("BEGIN IMMEDIATE"), Command("COMMIT"), Command("ROLLBACK"));
        _statements = new SqliteStatements(_connection);
        _thread = new Thread(Loop) { IsBackground = true, Name = "SQLite writer" };
        _thread.Start();
    }

    /// <summary>
    /// Runs <paramref name="work"/> on the writer's connection in a transaction, and returns its result once the transaction is committed.
    /// If it throws, only its own changes are rolled back.
    /// </summary>
    /// <param name="owner">The owner whose rows it reads and changes; null for all owners.</param>
    /// <param name="work">The write. It may await only its session, and so completes synchronously. It may run twice.</param>
    /// <param name="committed">Runs on the writer thread after the commit, before the next write.</param>
    /// <param name="resumeOnWriter">Runs the caller's continuation on the writer thread, which saves a thread switch: only for callers with
    /// short continuations.</param>
    public Task<T> RunAsync<T>(Owner? owner, Func<SqlSession, ValueTask<T>> work, Action<T>? committed = null, bool resumeOnWriter = false)
    {
        var item = new Work<T>(owner, work, committed, resumeOnWriter);
        // Bounded: when this many writes wait, an immediate failure is better than a long wait.
        return _queue.TryAdd(item) ? item.Task : Task.FromException<T>(new DatabaseBusyException());
    }

    /// <summary>Applies the migrations that are missing, in one transaction: a process that is killed leaves nothing of it.</summary>
    private void Migrate()
    {
        var exists = Read($"SELECT name FROM sqlite_master WHERE type = 'table' AND name = '{MigrationScripts.History}'").Count > 0;
        var missing = MigrationScripts.Missing("Sqlite", exists ? Read(MigrationScripts.SelectApplied) : []).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        // SQLite changes a column by copying the table and dropping the old one, which must not delete the rows that refer to it. Foreign
        // keys can't be switched off within a transaction.
        Execute("PRAGMA foreign_keys = OFF");
        using (var transaction = _connection.BeginTransaction())
        {
            foreach (var (id, sql) in missing)
            {
                Execute(sql);
                LogMigrated(id);
            }

            transaction.Commit();
        }

        Execute("PRAGMA foreign_keys = ON");
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
    /// Runs all writes in one transaction. If one fails, all are rolled back, and each is run again in its own transaction, so only the one
    /// that fails is lost. The common case then needs no savepoints; a write may run twice, but is committed once.
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
            LogRetry(exception, batch.Count);
            TryRollback();
            foreach (var work in batch)
            {
                CommitSeparately(work);
            }

            return;
        }

        _commit.ExecuteNonQuery();
        foreach (var work in batch)
        {
            work.Complete();
        }
    }

    private void CommitSeparately(Work work)
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
            // SQLite has already rolled back.
        }
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private List<string> Read(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        List<string> values = [];
        while (reader.Read())
        {
            values.Add(reader.GetString(0));
        }

        return values;
    }

    private SqliteCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Prepare();
        return command;
    }

    /// <summary>Commits the queued writes, then closes.</summary>
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

    private sealed class Work<T>(Owner? owner, Func<SqlSession, ValueTask<T>> work, Action<T>? committed, bool resumeOnWriter) : Work
    {
        private readonly TaskCompletionSource<T> _done = new(
            resumeOnWriter ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously
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
        Message = "Opened the database in {Folder} with SQLite {Version}; durability {Durability}."
    )]
    private partial void LogOpened(string folder, Version version, Durability durability);

    [LoggerMessage(Level = LogLevel.Information, Message = "Applied the migration {Id}.")]
    private partial void LogMigrated(string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A batch of {Count} writes failed; retrying each in its own transaction.")]
    private partial void LogRetry(Exception exception, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "A commit of {Count} writes failed; none of them took effect.")]
    private partial void LogCommitFailed(Exception exception, int count);
}
