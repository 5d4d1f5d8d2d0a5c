using System.Collections.Concurrent;
using System.Data;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Postgres;

/// <summary>
/// Logs in PostgreSQL. A commit adds one row to <c>generation_journal</c>, for any number of generations, by one statement that takes
/// effect only while this node is registered. What a generation has there is also in memory, and is copied to <c>generation_segments</c> when it
/// has grown to <see cref="DatabaseOptions.SegmentBytes"/>, or all at once when this node's journal has grown to
/// <see cref="DatabaseOptions.JournalBytes"/>, which empties it. When a generation ends, its log is folded into its message.
/// </summary>
/// <remarks>
/// This node's running generations are in memory, and appends to others are fenced, so epochs are compared in memory. A journal row proves
/// its commit: a commit whose reply was lost is sent again with the same number and is applied once. Until its outcome is known, nothing
/// else is committed.
/// </remarks>
public sealed partial class PostgresGenerationStore : IGenerationStore, IGenerationIndex, IAsyncDisposable
{
    private const int MaxAttempts = 3;

    private const string Append = """
        INSERT INTO generation_journal (node_id, seq, slices) SELECT id, $2, $3 FROM nodes WHERE id = $1 FOR KEY SHARE ON CONFLICT DO NOTHING
        """;

    /// <summary>
    /// Must be longer than the time from the commit of a start to <see cref="Started"/>. Otherwise this node adopts its own generation,
    /// which costs one more request to the provider.
    /// </summary>
    private static readonly TimeSpan MinUnknown = TimeSpan.FromSeconds(2);

    private readonly PostgresDatabase _database;
    private readonly PostgresLease _lease;
    private readonly PostgresAdoption _adoption;
    private readonly DatabaseOptions _sizes;
    private readonly TimeProvider _time;
    private readonly ILogger<PostgresGenerationStore> _logger;
    private readonly ConcurrentDictionary<GenerationId, LiveGeneration> _live = new();
    private readonly Dictionary<GenerationId, long> _unknown = [];

    private readonly EndedLogCache _ended;
    private readonly SemaphoreSlim _one = new(1, 1),
        _adopting = new(1, 1);
    private readonly NpgsqlParameter<string> _node = new() { NpgsqlDbType = NpgsqlDbType.Text };
    private readonly NpgsqlParameter<long> _number = new() { NpgsqlDbType = NpgsqlDbType.Bigint };
    private readonly NpgsqlParameter<ReadOnlyMemory<byte>> _slices = new() { NpgsqlDbType = NpgsqlDbType.Bytea };
    private readonly NpgsqlCommand _append;
    private NpgsqlConnection? _connection;
    private PostgresCommit? _uncertain;
    private long _sequence,
        _journalBytes;

    public PostgresGenerationStore(
        PostgresDatabase database,
        NodeIdentity node,
        IOptions<DatabaseOptions> sizes,
        IOptions<GenerationOptions> options,
        TimeProvider time,
        ILogger<PostgresGenerationStore> logger
    )
    {
        (_database, _sizes, _time, _logger) = (database, sizes.Value, time, logger);
        _ended = new EndedLogCache(time);
        _lease = new PostgresLease(database, node, options.Value.Lease, time);
        _adoption = new PostgresAdoption(database, _lease);
        _append = new NpgsqlCommand(Append) { Parameters = { _node, _number, _slices } };
    }

    public string NodeId => _lease.Id;

    private bool IsConnectionLost => _connection is { FullState: not ConnectionState.Open };

    public void Started(GenerationId id, long key, string nodeId) =>
        _lease.WhileRegistered(nodeId, () => _live.TryAdd(id, new LiveGeneration(key, 1, 0, [])));

    public void Forget(IEnumerable<GenerationId> ids)
    {
        foreach (var id in ids)
        {
            _live.TryRemove(id, out _);
        }
    }

    public async ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PendingSlice> slices, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var earlier = _uncertain;
            if (earlier is not null)
            {
                await CommitAsync(earlier);
            }

            var commit = Plan(slices, earlier);
            if (!commit.IsEmpty)
            {
                await CommitAsync(commit);
            }

            return commit.Outcomes;
        }
        catch (Exception exception) when (PostgresErrors.Translate(exception) is { } failure && failure != exception)
        {
            throw failure;
        }
        finally
        {
            _one.Release();
        }
    }

    public async ValueTask<IReadOnlyList<AbandonedGeneration>> AdoptAbandonedAsync(int limit, CancellationToken cancellationToken)
    {
        await _adopting.WaitAsync(cancellationToken);
        try
        {
            if (!_lease.IsHeld)
            {
                await RegisterAsync(cancellationToken);
            }

            List<AbandonedGeneration> adopted = [];
            try
            {
                await AdoptAllAsync(adopted, limit, cancellationToken);
            }
            catch (DatabaseUnavailableException exception) when (adopted.Count > 0)
            {
                // The generations adopted so far belong to this node already; the next call adopts the rest.
                LogAdoptionFailed(exception);
            }

            return adopted;
        }
        finally
        {
            _adopting.Release();
        }
    }

    public async ValueTask RenewLeaseAsync(CancellationToken cancellationToken)
    {
        if (!await _lease.RenewAsync())
        {
            await RegisterAsync(cancellationToken);
        }
    }

    public ValueTask ReleaseLeaseAsync(CancellationToken cancellationToken) => _lease.ReleaseAsync();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _ended.Dispose();
        _one.Dispose();
        _adopting.Dispose();
    }

    /// <summary>After a lost lease: registers this process as a new node that owns nothing.</summary>
    private async ValueTask RegisterAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await RegisterAloneAsync();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Must be called only while no commit runs.</summary>
    private async ValueTask RegisterAloneAsync()
    {
        // Another caller may have registered it while this one waited.
        if (!_lease.IsHeld || !await _lease.RenewAsync())
        {
            _lease.Lose(_live.Clear);
            (_uncertain, _journalBytes) = (null, 0);
            await _lease.RegisterAsync();
            LogRegistered(_lease.Id);
        }
    }

    private async ValueTask AdoptAllAsync(List<AbandonedGeneration> adopted, int limit, CancellationToken cancellationToken)
    {
        var node = _lease.Id;
        foreach (var owner in await _adoption.DeadOwnersAsync())
        {
            if (adopted.Count == limit)
            {
                return;
            }

            try
            {
                await _database.WriteLogAsync(session => _adoption.AdoptAsync(session, owner, node, limit - adopted.Count), Keep);
            }
            catch (DatabaseUnavailableException exception) when (PostgresErrors.IsLocked(exception.InnerException))
            {
                LogOwnerLocked(owner);
            }
        }

        if (adopted.Count == limit)
        {
            return;
        }

        // No append may run at the same time: it could be to a generation that is about to become known.
        await _one.WaitAsync(cancellationToken);
        try
        {
            var unknown = (await UnknownAsync(node)).Take(limit - adopted.Count).ToList();
            if (unknown.Count > 0)
            {
                await _database.WriteLogAsync(session => PostgresAdoption.AdoptOwnAsync(session, node, unknown), Keep);
            }
        }
        finally
        {
            _one.Release();
        }

        void Keep(List<Adopted> rows)
        {
            foreach (var (key, generation) in rows)
            {
                var log = generation.Log;
                _lease.WhileRegistered(node, () =>
                    _live[generation.Id] = new LiveGeneration(key, generation.Epoch, log.End, [.. log.Controls])
                );
                adopted.Add(generation);
            }
        }
    }

    /// <summary>
    /// Generations that this node owns in the database but not in memory: the reply to their start or adoption was lost. They are returned
    /// only when they have been unknown for <see cref="MinUnknown"/>, so that starts in progress are left alone.
    /// </summary>
    private async ValueTask<IEnumerable<GenerationId>> UnknownAsync(string node)
    {
        await using var session = await _database.OpenLogAsync();
        var count = await session.FirstAsync(
            "SELECT count(*) FROM generations WHERE status = 'running' AND node_id = @node",
            static row => row.GetInt64(0),
            ("@node", node)
        );
        if (count <= _live.Count)
        {
            _unknown.Clear();
            return [];
        }

        var now = _time.GetTimestamp();
        var rows = await session.QueryAsync(
            "SELECT id FROM generations WHERE status = 'running' AND node_id = @node",
            static row => new GenerationId(Guid.Parse(row.GetString(0))),
            ("@node", node)
        );
        var unknown = rows.Where(id => !_live.ContainsKey(id)).ToHashSet();
        foreach (var known in _unknown.Keys.Where(id => !unknown.Contains(id)).ToList())
        {
            _unknown.Remove(known);
        }

        return unknown.Where(id =>
        {
            _unknown.TryAdd(id, now);
            return _time.GetElapsedTime(_unknown[id], now) >= MinUnknown;
        });
    }

    /// <summary>Decides the outcome of each slice from what is in memory.</summary>
    private PostgresCommit Plan(IReadOnlyList<PendingSlice> slices, PostgresCommit? earlier)
    {
        var commit = new PostgresCommit(_lease.Id, ++_sequence, slices.Count);
        for (var i = 0; i < slices.Count; i++)
        {
            var slice = slices[i];
            if (earlier?.HasCommitted(slice) is true)
            {
                commit.Outcomes[i] = AppendOutcome.Committed;
                continue;
            }

            if (!_live.TryGetValue(slice.Id, out var live) || live.Epoch != slice.Epoch || live.End != slice.Start)
            {
                commit.Outcomes[i] = AppendOutcome.Fenced;
                continue;
            }

            commit.Outcomes[i] = AppendOutcome.Committed;
            if (slice.Ended is { } ended)
            {
                commit.Ends.Add(new PostgresEnd(i, live, slice, ended));
                continue;
            }

            JournalFormat.Write(commit.Batch, live.Key, slice);
            commit.Appended.Add((live, slice));
            if (live.TailLength + slice.Bytes.Length >= _sizes.SegmentBytes)
            {
                commit.Segmented.Add(live);
            }
        }

        if (_journalBytes + commit.Batch.WrittenCount > _sizes.JournalBytes)
        {
            commit.EmptiesJournal = true;
            commit.Batch.ResetWrittenCount();
            commit.Segmented.UnionWith(_live.Values);
            commit.Segmented.ExceptWith(commit.Ends.Select(static end => end.Live));
        }

        return commit;
    }

    private async ValueTask CommitAsync(PostgresCommit commit)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var session = await OpenAsync();
                var isStored = commit.IsJournalOnly ? await StoreAsync(commit) : await StoreAsync(session, commit);
                if (isStored || (commit.IsUncertain && await IsStoredAsync(session, commit)))
                {
                    Apply(commit);
                }
                else
                {
                    await FenceAsync(commit);
                }

                _uncertain = null;
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or IOException or SocketException || IsConnectionLost)
            {
                // A rollback doesn't report that it has lost its connection; the next statement fails with an InvalidOperationException.
                var isLost = IsConnectionLost || PostgresErrors.IsLostConnection(exception);
                if (isLost || !PostgresErrors.IsRefusal(exception))
                {
                    await CloseAsync();
                }

                if (commit.IsUncertain)
                {
                    _uncertain = commit;
                }

                if (attempt == MaxAttempts || !(isLost || PostgresErrors.IsConflict(exception)))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>
    /// A commit that only adds to the journal: one statement, one round trip. False when this node's row is gone, or when this commit's row
    /// exists already.
    /// </summary>
    private async ValueTask<bool> StoreAsync(PostgresCommit commit)
    {
        _node.TypedValue = commit.Node;
        _number.TypedValue = commit.Sequence;
        _slices.TypedValue = commit.Batch.WrittenMemory;
        try
        {
            return await _append.ExecuteNonQueryAsync() > 0;
        }
        catch (Exception exception) when (!PostgresErrors.IsRefusal(exception))
        {
            commit.IsUncertain = true;
            throw;
        }
    }

    /// <summary>A commit with segments or ends: two round trips, and one for each end of a log that has segments.</summary>
    private async ValueTask<bool> StoreAsync(PostgresSession session, PostgresCommit commit)
    {
        try
        {
            var receipt = session.Add(
                Append,
                new NpgsqlParameter<string> { TypedValue = commit.Node },
                new NpgsqlParameter<long> { TypedValue = commit.Sequence },
                new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = commit.Batch.WrittenMemory }
            );
            HashSet<long> running = [];
            if (commit.Ends.Count > 0)
            {
                session.Add(
                    "SELECT key FROM generations WHERE key = ANY ($1) AND status = 'running' AND node_id = $2 ORDER BY key FOR UPDATE",
                    new NpgsqlParameter<long[]> { TypedValue = [.. commit.Ends.Select(static end => end.Live.Key)] },
                    new NpgsqlParameter<string> { TypedValue = commit.Node }
                );
                running.UnionWith(await session.ReadAddedAsync(static row => row.GetInt64(0)));
            }
            else
            {
                await session.SendAsync();
            }

            if (receipt.Rows == 0)
            {
                await session.RollbackAsync();
                return false;
            }

            foreach (var end in commit.Ends)
            {
                commit.Outcomes[end.Index] = running.Contains(end.Live.Key) ? AppendOutcome.Committed : AppendOutcome.Fenced;
                if (running.Contains(end.Live.Key))
                {
                    await FinalizeAsync(session, end);
                }
            }

            AddSegments(session, commit);
            await session.CommitAsync();
            return true;
        }
        catch (Exception exception)
        {
            commit.IsUncertain |= session.IsCommitting && !PostgresErrors.IsRefusal(exception);
            await session.RollbackAsync();
            throw;
        }
    }

    private async ValueTask FinalizeAsync(PostgresSession session, PostgresEnd end)
    {
        var tail = end.Live.TailWith(end.Slice.Bytes);
        var before = end.Live.SegmentEnd == 0 ? LogSnapshot.Empty : await LogRows.ReadSegmentsAsync(session, end.Live.Key);
        var bytes = before.End == 0 ? tail : [.. before.Bytes.Span, .. tail];
        var log = new LogSnapshot(bytes, [.. end.Live.Controls, .. end.Slice.Controls.ToArray()]);
        await MessageFinalizer.FinalizeAsync(session, end.Live.Key, end.Live.SegmentEnd > 0, log, end.Ended, _time.GetUtcNow());
    }

    private static void AddSegments(PostgresSession session, PostgresCommit commit)
    {
        if (commit.Segmented.Count == 0)
        {
            return;
        }

        var slices = commit.Appended.ToDictionary(static pair => pair.Live, static pair => pair.Slice);
        List<(long Key, SegmentRow Row)> segments = new(commit.Segmented.Count);
        foreach (var live in commit.Segmented)
        {
            var segment = LogRows.NextSegment(live, slices.GetValueOrDefault(live));
            if (segment.Bytes.Length > 0)
            {
                segments.Add((live.Key, segment));
            }
        }

        PostgresAdoption.AddSegments(session, segments);
        if (commit.EmptiesJournal)
        {
            session.Add(
                "DELETE FROM generation_journal WHERE node_id = $1 AND seq < $2",
                new NpgsqlParameter<string> { TypedValue = commit.Node },
                new NpgsqlParameter<long> { TypedValue = commit.Sequence }
            );
        }
    }

    /// <summary>
    /// Whether a commit that was sent before has succeeded: its row exists. Only this store or a node that adopts from this one deletes it.
    /// </summary>
    private static async ValueTask<bool> IsStoredAsync(PostgresSession session, PostgresCommit commit)
    {
        try
        {
            return await session.FirstAsync(
                    "SELECT 1 FROM generation_journal WHERE node_id = @node AND seq = @number",
                    static row => row.GetInt32(0),
                    ("@node", commit.Node),
                    ("@number", commit.Sequence)
                ) == 1;
        }
        finally
        {
            await session.RollbackAsync();
        }
    }

    /// <summary>Updates memory after the commit.</summary>
    private void Apply(PostgresCommit commit)
    {
        foreach (var (live, slice) in commit.Appended)
        {
            live.Appended(slice.Bytes, slice.Controls);
        }

        foreach (var live in commit.Segmented)
        {
            live.Segmented();
        }

        foreach (var end in commit.Ends)
        {
            _live.TryRemove(end.Slice.Id, out _);
        }

        _journalBytes = commit.EmptiesJournal ? 0 : _journalBytes + commit.Batch.WrittenCount;
    }

    /// <summary>Another node has adopted this node's generations: all slices of the commit are fenced.</summary>
    private async ValueTask FenceAsync(PostgresCommit commit)
    {
        commit.Fence();
        _lease.Lose(_live.Clear);
        LogFenced(commit.Node);
        try
        {
            await RegisterAloneAsync();
        }
        catch (DatabaseUnavailableException exception)
        {
            // The next renewal registers this process again.
            LogAdoptionFailed(exception);
        }
    }

    /// <summary>The one connection for all commits. It is opened again after it was lost.</summary>
    private async ValueTask<PostgresSession> OpenAsync()
    {
        if (IsConnectionLost)
        {
            await CloseAsync();
        }

        if (_connection is null)
        {
            _connection = await _database.LogSource.OpenConnectionAsync();
            _append.Connection = _connection;
            if (!_database.Settings.PgBouncer)
            {
                await _append.PrepareAsync();
            }
        }

        return new PostgresSession(_database.LogSource, _connection, null, isTransaction: true);
    }

    private async ValueTask CloseAsync()
    {
        if (_connection is { } lost)
        {
            _connection = null;
            await lost.DisposeAsync();
            _database.LogSource.Clear();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This process is node {Node}.")]
    private partial void LogRegistered(string node);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The lease of node {Node} had expired, and another node has adopted its generations. They continue there."
    )]
    private partial void LogFenced(string node);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Registering this node, or adopting generations of another one, failed; it will be tried again."
    )]
    private partial void LogAdoptionFailed(Exception exception);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Node {Owner} is dead, but one of its transactions is still open; its generations will be adopted later."
    )]
    private partial void LogOwnerLocked(string owner);
}
