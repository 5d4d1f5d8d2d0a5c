using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sqlite;

/// <summary>
/// Logs in SQLite. A commit adds one row to <c>generation_journal</c>, for any number of generations; what a generation has there is also
/// in memory, and is copied to <c>generation_segments</c> when it has grown to <see cref="DatabaseOptions.SegmentBytes"/>, or all at once
/// when the journal has grown to <see cref="DatabaseOptions.JournalBytes"/>, which empties it. When a generation ends, its log is folded
/// into its message.
/// </summary>
/// <remarks>
/// The folder's lock excludes other processes, so epochs are compared in memory, on the writer thread. Memory is updated after the commit,
/// so only one append or adoption, which read it, is in a commit at a time.
/// </remarks>
public sealed class SqliteGenerationStore : IGenerationStore, IGenerationIndex, IDisposable
{
    private readonly SqliteFolder _folder;
    private readonly SqliteDatabase _database;
    private readonly SqliteWriter _writer;
    private readonly GenerationOptions _options;
    private readonly TimeProvider _time;
    private readonly string _node;
    private readonly ConcurrentDictionary<GenerationId, LiveGeneration> _live = new();

    private readonly EndedLogCache _ended;
    private readonly Task<bool> _recovered;
    private readonly SemaphoreSlim _commitLock = new(1, 1);
    private long _journalBytes;

    public SqliteGenerationStore(
        SqliteFolder folder,
        SqliteDatabase database,
        SqliteWriter writer,
        NodeIdentity node,
        IOptions<GenerationOptions> options,
        TimeProvider time
    )
    {
        (_folder, _database, _writer, _options, _time, _node) = (folder, database, writer, options.Value, time, node.Id);
        _ended = new EndedLogCache(time);
        _recovered = writer.RunAsync(null, RecoverAsync);
    }

    public async ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PendingSlice> slices, CancellationToken cancellationToken)
    {
        await _recovered;
        var commit = new Commit(slices.Count);
        await _commitLock.WaitAsync(cancellationToken);
        try
        {
            await _writer.RunAsync(null, session => CommitAsync(session, slices, commit), _ => Apply(commit), resumeOnWriter: true);
        }
        finally
        {
            _commitLock.Release();
        }

        return commit.Outcomes;
    }

    public async ValueTask<LogSlice?> ReadAsync(GenerationId id, long after, int maxBytes, CancellationToken cancellationToken)
    {
        await _recovered;
        GenerationRow? ended = null;

        // The log may move during the read: from memory to a segment, or from segments to its message. Then the read is repeated.
        for (var attempt = 0; attempt < 10; attempt++)
        {
            if (_live.TryGetValue(id, out var live) && live.Read(after, maxBytes) is { } tail)
            {
                return tail;
            }

            await using var session = await _database.OpenSystemAsync(cancellationToken);
            if (await LogRows.FindAsync(session, id) is not { } row)
            {
                return null;
            }

            if (!row.IsRunning)
            {
                if (row.EndPosition < EndedLogCache.MinBytes)
                {
                    return EndedLogCache.Slice(await LogRows.ReadMessageAsync(session, row.MessageId), after, maxBytes);
                }

                ended = row;
                break;
            }

            if (await LogRows.ReadSegmentAsync(session, row.Key, after, maxBytes) is { } segment)
            {
                return segment;
            }

            if (live is null && !_live.ContainsKey(id))
            {
                return new LogSlice(after, default, default, null);
            }
        }

        if (ended is null)
        {
            throw new InvalidOperationException($"The log of {id} could not be read at {after}.");
        }

        // After the session is closed: readers that wait while one of them loads the log must not hold connections.
        return EndedLogCache.Slice(await _ended.GetAsync(id, () => LoadMessageAsync(ended.MessageId), cancellationToken), after, maxBytes);
    }

    public async ValueTask<GenerationRecord?> FindAsync(GenerationId id, CancellationToken cancellationToken)
    {
        await _recovered;

        // Memory first: a generation that ends in between is removed from memory, and its row then has its end.
        var live = _live.GetValueOrDefault(id);
        await using var session = await _database.OpenSystemAsync(cancellationToken);
        if (await LogRows.FindAsync(session, id) is not { } row)
        {
            return null;
        }

        var status = GenerationStatusNames.Parse(row.Status);
        var end = row.EndPosition ?? live?.End ?? await LogRows.SegmentEndAsync(session, row.Key);
        return new GenerationRecord(id, status, row.Epoch, end);
    }

    public async ValueTask<IReadOnlyList<AbandonedGeneration>> AdoptAbandonedAsync(int limit, CancellationToken cancellationToken)
    {
        await _recovered;
        await _commitLock.WaitAsync(cancellationToken);
        try
        {
            return await _writer.RunAsync(
                null,
                session => AdoptAsync(session, limit),
                adopted =>
                {
                    foreach (var generation in adopted)
                    {
                        if (_live.TryGetValue(generation.Id, out var live))
                        {
                            live.Epoch = generation.Epoch;
                        }
                    }
                }
            );
        }
        finally
        {
            _commitLock.Release();
        }
    }

    public async ValueTask RenewLeaseAsync(CancellationToken cancellationToken)
    {
        await _recovered;
        await _writer.RunAsync(null, session =>
            session.RunAsync(
                $"INSERT INTO nodes (id, lease_until) VALUES (@id, {_database.Dialect.Now} + @lease) ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until",
                ("@id", _node),
                ("@lease", (long)_options.Lease.TotalMilliseconds)
            )
        );
    }

    public async ValueTask ReleaseLeaseAsync(CancellationToken cancellationToken) =>
        await _writer.RunAsync(null, session => session.RunAsync("DELETE FROM nodes WHERE id = @id", ("@id", _node)));

    public string NodeId => _node;

    public void Dispose()
    {
        _ended.Dispose();
        _commitLock.Dispose();
    }

    /// <summary>Called after the commit that started this generation under epoch 1: its first append need not query for it.</summary>
    public void Started(GenerationId id, long key, string nodeId) => _live.TryAdd(id, new LiveGeneration(key, 1, 0, []));

    /// <summary>Called after the commit that deleted these generations: their writers are fenced.</summary>
    public void Forget(IEnumerable<GenerationId> ids)
    {
        foreach (var id in ids)
        {
            _live.TryRemove(id, out _);
        }
    }

    private async ValueTask<bool> CommitAsync(SqlSession session, IReadOnlyList<PendingSlice> slices, Commit commit)
    {
        commit.Clear();
        var batch = commit.Batch;
        for (var i = 0; i < slices.Count; i++)
        {
            var slice = slices[i];
            var live = await FindLiveAsync(session, slice.Id, commit);
            if (live is null || live.Epoch != slice.Epoch || live.End != slice.Start)
            {
                commit.Outcomes[i] = AppendOutcome.Fenced;
                continue;
            }

            commit.Outcomes[i] = AppendOutcome.Committed;
            if (slice.Ended is { } ended)
            {
                await FinalizeAsync(session, live, slice, ended);
                commit.Ended.Add(slice.Id);
                continue;
            }

            JournalFormat.Write(batch, live.Key, slice);
            commit.Appended.Add((live, slice));
            if (live.TailLength + slice.Bytes.Length < _folder.Options.SegmentBytes)
            {
                continue;
            }

            await InsertSegmentAsync(session, live, slice);
            commit.Segmented.Add(live);
        }

        if (batch.WrittenCount > 0)
        {
            await session.RunAsync("INSERT INTO generation_journal (slices) VALUES (@slices)", ("@slices", batch.WrittenMemory.ToArray()));
        }

        if (_journalBytes + batch.WrittenCount > _folder.Options.JournalBytes)
        {
            await EmptyJournalAsync(session, commit);
        }

        return true;
    }

    /// <summary>Runs on the writer thread after <paramref name="commit"/> is committed.</summary>
    private void Apply(Commit commit)
    {
        foreach (var (id, live) in commit.Found)
        {
            _live[id] = live;
        }

        foreach (var (live, slice) in commit.Appended)
        {
            live.Appended(slice.Bytes, slice.Controls);
        }

        foreach (var live in commit.Segmented)
        {
            live.Segmented();
        }

        foreach (var id in commit.Ended)
        {
            _live.TryRemove(id, out _);
        }

        _journalBytes = commit.JournalEmptied ? 0 : _journalBytes + commit.Batch.WrittenCount;
    }

    private async ValueTask<LiveGeneration?> FindLiveAsync(SqlSession session, GenerationId id, Commit commit)
    {
        if (_live.TryGetValue(id, out var live))
        {
            return live;
        }

        if (await LogRows.FindAsync(session, id) is not { Status: GenerationStatusNames.Running } row)
        {
            return null;
        }

        live = await LoadAsync(session, row.Key, row.Epoch);
        commit.Found.Add((id, live));
        return live;
    }

    private static async ValueTask<LiveGeneration> LoadAsync(SqlSession session, long key, int epoch)
    {
        var log = await LogRows.ReadSegmentsAsync(session, key);
        return new LiveGeneration(key, epoch, log.End, [.. log.Controls]);
    }

    private async ValueTask EmptyJournalAsync(SqlSession session, Commit commit)
    {
        var appended = commit.Appended.ToDictionary(pair => pair.Live, pair => pair.Slice);
        foreach (var (id, live) in _live.Concat(commit.Found.Select(pair => KeyValuePair.Create(pair.Id, pair.Live))))
        {
            if (commit.Segmented.Contains(live) || commit.Ended.Contains(id))
            {
                continue;
            }

            var slice = appended.GetValueOrDefault(live);
            if (live.TailLength + slice.Bytes.Length > 0)
            {
                await InsertSegmentAsync(session, live, slice);
            }

            commit.Segmented.Add(live);
        }

        await session.RunAsync("DELETE FROM generation_journal");
        commit.JournalEmptied = true;
    }

    private static ValueTask InsertSegmentAsync(SqlSession session, LiveGeneration live, in PendingSlice slice)
    {
        var segment = LogRows.NextSegment(live, slice);
        return session.AddAsync(
            """
            INSERT INTO generation_segments (generation_key, start, bytes, controls, open)
            SELECT @key, @start, @bytes, @controls, @open WHERE EXISTS (SELECT 1 FROM generations WHERE key = @key)
            """,
            ("@key", live.Key),
            ("@start", segment.Start),
            ("@bytes", segment.Bytes),
            ("@controls", segment.Controls),
            ("@open", segment.Open)
        );
    }

    /// <summary>Folds the log into its message and ends the generation, in the same commit.</summary>
    private async ValueTask FinalizeAsync(SqlSession session, LiveGeneration live, PendingSlice slice, GenerationEnded ended)
    {
        var tail = live.TailWith(slice.Bytes);
        var before = live.SegmentEnd == 0 ? LogSnapshot.Empty : await LogRows.ReadSegmentsAsync(session, live.Key);
        var bytes = before.End == 0 ? tail : [.. before.Bytes.Span, .. tail];
        var log = new LogSnapshot(bytes, [.. live.Controls, .. slice.Controls.ToArray()]);
        await MessageFinalizer.FinalizeAsync(session, live.Key, live.SegmentEnd > 0, log, ended, _time.GetUtcNow());
    }

    private async ValueTask<List<AbandonedGeneration>> AdoptAsync(SqlSession session, int limit)
    {
        var rows = await session.QueryAsync(
            $"""
            UPDATE generations SET epoch = epoch + 1, adoptions = adoptions + 1, node_id = @node
            WHERE key IN (
                SELECT key FROM generations WHERE status = 'running'
                AND NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.id = generations.node_id AND nodes.lease_until > {_database.Dialect.Now})
                ORDER BY key LIMIT @limit)
            RETURNING id, key, epoch, adoptions
            """,
            row => (Id: row.GetString(0), Key: row.GetInt64(1), Epoch: row.GetInt32(2), Adoptions: row.GetInt32(3)),
            ("@node", _node),
            ("@limit", limit)
        );
        List<AbandonedGeneration> adopted = new(rows.Count);
        foreach (var row in rows)
        {
            var id = new GenerationId(Guid.Parse(row.Id));
            var log = await LogRows.ReadSegmentsAsync(session, row.Key);
            if (_live.TryGetValue(id, out var live) && live.TailLength > 0)
            {
                log = new LogSnapshot((byte[])[.. log.Bytes.Span, .. live.TailWith(default)], [.. live.Controls]);
            }

            adopted.Add(new AbandonedGeneration(id, row.Epoch, row.Adoptions, log));
        }

        return adopted;
    }

    /// <summary>
    /// Copies the journal of a process that crashed into segments. Its lease is deleted, since this process holds the folder's lock.
    /// </summary>
    internal static async ValueTask<bool> RecoverAsync(SqlSession session)
    {
        await session.RunAsync("DELETE FROM nodes");
        Dictionary<long, LiveGeneration> running = [];
        foreach (
            var (key, epoch) in await session.QueryAsync("SELECT key, epoch FROM generations WHERE status = 'running'", row =>
                (row.GetInt64(0), row.GetInt32(1))
            )
        )
        {
            running[key] = await LoadAsync(session, key, epoch);
        }

        foreach (var batch in await session.QueryAsync("SELECT slices FROM generation_journal ORDER BY id", row => row.Bytes(0)))
        {
            JournalFormat.Replay(batch, running);
        }

        foreach (var live in running.Values.Where(live => live.TailLength > 0))
        {
            await InsertSegmentAsync(session, live, default);
        }

        await session.RunAsync("DELETE FROM generation_journal");
        return true;
    }

    private async Task<LogSnapshot?> LoadMessageAsync(string messageId)
    {
        await using var session = await _database.OpenSystemAsync(CancellationToken.None);
        return await LogRows.ReadMessageAsync(session, messageId);
    }

    /// <summary>The changes in memory that one commit makes when it succeeds.</summary>
    private sealed class Commit(int slices)
    {
        public AppendOutcome[] Outcomes { get; } = new AppendOutcome[slices];
        public ArrayBufferWriter<byte> Batch { get; } = new(512);
        public List<(GenerationId Id, LiveGeneration Live)> Found { get; } = [];
        public List<(LiveGeneration Live, PendingSlice Slice)> Appended { get; } = [];
        public HashSet<LiveGeneration> Segmented { get; } = [];
        public HashSet<GenerationId> Ended { get; } = [];
        public bool JournalEmptied { get; set; }

        public void Clear()
        {
            Batch.ResetWrittenCount();
            Found.Clear();
            Appended.Clear();
            Segmented.Clear();
            Ended.Clear();
            JournalEmptied = false;
        }
    }
}
