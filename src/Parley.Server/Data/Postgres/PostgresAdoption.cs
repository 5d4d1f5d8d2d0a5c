using Npgsql;
using NpgsqlTypes;
using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Postgres;

/// <summary>Adopts the generations of dead nodes.</summary>
internal sealed class PostgresAdoption(PostgresDatabase database, PostgresLease lease)
{
    /// <summary>
    /// Nodes whose lease has expired, and owners of running generations that have no row in <c>nodes</c>. While the database has been up
    /// for less than the length of a lease, no lease counts as expired.
    /// </summary>
    public async ValueTask<List<string>> DeadOwnersAsync()
    {
        await using var session = await database.OpenLogAsync();
        return await session.QueryAsync(
            $"""
            SELECT id FROM nodes WHERE id <> @node AND (lease_until = 0 OR (@judge AND lease_until <= {database.Dialect.Now}
                AND extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) * 1000 > @lease))
            UNION
            SELECT g.node_id FROM generations g WHERE g.status = 'running' AND g.node_id <> @node AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = g.node_id)
            """,
            static row => row.GetString(0),
            ("@node", lease.Id),
            ("@judge", lease.CanJudgeOthers),
            ("@lease", lease.Milliseconds)
        );
    }

    /// <summary>
    /// Adopts up to <paramref name="limit"/> generations of a dead node. Deleting the node's row waits for its commits in flight; no commit
    /// succeeds afterwards. Its journal is copied into segments. Generations beyond the limit keep their owner until the next call of any
    /// node.
    /// </summary>
    public async ValueTask<List<Adopted>> AdoptAsync(SqlSession session, string owner, string node, int limit)
    {
        // The lock timeout is short: a dead node may hold locks, and this node must renew its own lease in time. If another node is
        // adopting from the same owner, this one gives up.
        await session.AddAsync("SET LOCAL lock_timeout = '2s'");
        if (
            !await session.FirstAsync(
                "SELECT pg_try_advisory_xact_lock(hashtextextended('parley adopts ' || @owner, 0))",
                static row => row.GetBoolean(0),
                ("@owner", owner)
            )
        )
        {
            return [];
        }

        await session.AddAsync($"DELETE FROM nodes WHERE id = @owner AND lease_until <= {database.Dialect.Now}", ("@owner", owner));
        if (
            await session.FirstAsync(
                "SELECT EXISTS (SELECT 1 FROM nodes WHERE id = @owner)",
                static row => row.GetBoolean(0),
                ("@owner", owner)
            )
        )
        {
            return [];
        }

        await MoveJournalAsync(session, owner);
        return await ChangeOwnerAsync(
            session,
            """
            UPDATE generations SET epoch = epoch + 1, adoptions = adoptions + 1, node_id = @node
            WHERE key IN (SELECT key FROM generations WHERE status = 'running' AND node_id = @owner ORDER BY key LIMIT @limit FOR UPDATE)
            RETURNING id, key, epoch, adoptions
            """,
            ("@node", node),
            ("@owner", owner),
            ("@limit", limit)
        );
    }

    /// <summary>
    /// Adopts generations that this node owns in the database but not in memory: the reply to their start or adoption was lost.
    /// </summary>
    public static ValueTask<List<Adopted>> AdoptOwnAsync(SqlSession session, string node, IReadOnlyCollection<GenerationId> unknown) =>
        ChangeOwnerAsync(
            session,
            """
            UPDATE generations SET epoch = epoch + 1, adoptions = adoptions + 1
            WHERE id IN (SELECT jsonb_array_elements_text(CAST(@ids AS JSONB))) AND status = 'running' AND node_id = @node
            RETURNING id, key, epoch, adoptions
            """,
            ("@node", node),
            ("@ids", "[" + string.Join(',', unknown.Select(id => $"\"{id}\"")) + "]")
        );

    /// <summary>
    /// Inserts the segments of generations that still exist. Their rows are locked, so that a concurrent deletion can't make it fail.
    /// </summary>
    public static void AddSegments(SqlSession session, IReadOnlyList<(long Key, SegmentRow Row)> segments) =>
        ((PostgresSession)session).Add(
            """
            INSERT INTO generation_segments (generation_key, start, bytes, controls, open)
            SELECT g.key, s.start, s.bytes, s.controls, s.open
            FROM unnest($1, $2, $3, $4, $5) AS s (key, start, bytes, controls, open) JOIN generations g ON g.key = s.key FOR KEY SHARE OF g
            """,
            Array(NpgsqlDbType.Bigint, segments, static segment => segment.Key),
            Array(NpgsqlDbType.Bigint, segments, static segment => segment.Row.Start),
            Array(NpgsqlDbType.Bytea, segments, static segment => segment.Row.Bytes),
            Array(NpgsqlDbType.Text, segments, static segment => segment.Row.Controls),
            Array(NpgsqlDbType.Text, segments, static segment => segment.Row.Open)
        );

    private static NpgsqlParameter Array<T>(
        NpgsqlDbType type,
        IReadOnlyList<(long Key, SegmentRow Row)> segments,
        Func<(long Key, SegmentRow Row), T> select
    ) => new() { NpgsqlDbType = NpgsqlDbType.Array | type, Value = segments.Select(select).ToArray() };

    private static async ValueTask MoveJournalAsync(SqlSession session, string owner)
    {
        var journal = await session.QueryAsync(
            "SELECT slices FROM generation_journal WHERE node_id = @owner ORDER BY seq",
            static row => row.Bytes(0),
            ("@owner", owner)
        );
        if (journal.Count == 0)
        {
            return;
        }

        var running = await session.QueryAsync(
            "SELECT key FROM generations WHERE node_id = @owner AND status = 'running' FOR UPDATE",
            static row => row.GetInt64(0),
            ("@owner", owner)
        );
        Dictionary<long, LiveGeneration> logs = [];
        foreach (var key in running)
        {
            var log = await LogRows.ReadSegmentsAsync(session, key);
            logs[key] = new LiveGeneration(key, 0, log.End, [.. log.Controls]);
        }

        foreach (var batch in journal)
        {
            JournalFormat.Replay(batch, logs);
        }

        var segments = logs
            .Values.Where(static log => log.TailLength > 0)
            .Select(static log => (log.Key, LogRows.NextSegment(log, default)))
            .ToList();
        if (segments.Count > 0)
        {
            AddSegments(session, segments);
        }

        await session.AddAsync("DELETE FROM generation_journal WHERE node_id = @owner", ("@owner", owner));
    }

    private static async ValueTask<List<Adopted>> ChangeOwnerAsync(
        SqlSession session,
        string sql,
        params (string Name, SqlValue Value)[] parameters
    )
    {
        var rows = await session.QueryAsync(
            sql,
            static row => (Id: row.GetString(0), Key: row.GetInt64(1), Epoch: row.GetInt32(2), Adoptions: row.GetInt32(3)),
            parameters
        );
        List<Adopted> adopted = new(rows.Count);
        foreach (var row in rows)
        {
            var log = await LogRows.ReadSegmentsAsync(session, row.Key);
            adopted.Add(new Adopted(row.Key, new AbandonedGeneration(new GenerationId(Guid.Parse(row.Id)), row.Epoch, row.Adoptions, log)));
        }

        return adopted;
    }
}

/// <summary>An adopted generation.</summary>
internal sealed record Adopted(long Key, AbandonedGeneration Generation);
