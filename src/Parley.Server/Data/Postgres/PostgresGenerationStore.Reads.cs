using System.Buffers.Binary;
using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Postgres;

/// <summary>
/// Reads logs: of this node's generations from memory, of other nodes' from segments and the owner's journal, of ended ones from their
/// message.
/// </summary>
public sealed partial class PostgresGenerationStore
{
    public async ValueTask<LogSlice?> ReadAsync(GenerationId id, long after, int maxBytes, CancellationToken cancellationToken)
    {
        GenerationRow? ended = null;

        // The log may move during the read: from memory to a segment, or from segments to its message. Then the read is repeated.
        for (var attempt = 0; attempt < 10; attempt++)
        {
            var isLive = _live.TryGetValue(id, out var live);
            if (live?.Read(after, maxBytes) is { } tail)
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

            if (isLive)
            {
                if (await LogRows.ReadSegmentAsync(session, row.Key, after, maxBytes) is { } segment)
                {
                    return segment;
                }
            }
            else if (await ReadForeignAsync(session, row) is { } foreign)
            {
                return foreign.Read(after, maxBytes);
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
        for (var attempt = 0; attempt < 10; attempt++)
        {
            // Memory first: a generation that ends in between is removed from memory, and its row then has its end.
            var live = _live.GetValueOrDefault(id);
            await using var session = await _database.OpenSystemAsync(cancellationToken);
            if (await LogRows.FindAsync(session, id) is not { } row)
            {
                return null;
            }

            var status = GenerationStatusNames.Parse(row.Status);
            var end = row.EndPosition ?? live?.End;
            if (end is null && await ReadForeignAsync(session, row) is { } foreign)
            {
                end = foreign.End;
            }

            if (end is { } known)
            {
                return new GenerationRecord(id, status, row.Epoch, known);
            }
        }

        throw new InvalidOperationException($"The end of {id} could not be read.");
    }

    /// <summary>
    /// Reads the log of a running generation of another node from one snapshot of segments and of the owner's journal. Null when it has
    /// ended in the meantime.
    /// </summary>
    private static async ValueTask<LiveGeneration?> ReadForeignAsync(SqlSession session, GenerationRow row)
    {
        var key = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(key, row.Key);
        var pieces = await session.QueryAsync(
            """
            SELECT 0, start, bytes, controls FROM generation_segments WHERE generation_key = @key
            UNION ALL
            SELECT 1, j.seq, j.slices, NULL FROM generations g JOIN generation_journal j ON j.node_id = g.node_id
            WHERE g.key = @key AND position(@bytes IN j.slices) > 0
            UNION ALL
            SELECT 2, 0, NULL, NULL FROM generations WHERE key = @key AND status = 'running'
            ORDER BY 1, 2
            """,
            static row =>
                (Kind: row.GetInt32(0), Start: row.GetInt64(1), Bytes: row.IsDBNull(2) ? [] : row.Bytes(2), Controls: row.TextOrNull(3)),
            ("@key", row.Key),
            ("@bytes", key)
        );
        if (pieces.Count == 0 || pieces[^1].Kind != 2)
        {
            return null;
        }

        var log = LogRows.Join(
            pieces
                .Where(static piece => piece.Kind == 0)
                .Select(static piece => new SegmentRow(piece.Start, piece.Bytes, piece.Controls!, null))
        );
        var live = new LiveGeneration(row.Key, row.Epoch, 0, []);
        live.Appended(log.Bytes, log.Controls.ToArray());
        var logs = new Dictionary<long, LiveGeneration> { [row.Key] = live };
        foreach (var piece in pieces.Where(static piece => piece.Kind == 1))
        {
            JournalFormat.Replay(piece.Bytes, logs);
        }

        return live;
    }

    private async Task<LogSnapshot?> LoadMessageAsync(string messageId)
    {
        await using var session = await _database.OpenSystemAsync(CancellationToken.None);
        return await LogRows.ReadMessageAsync(session, messageId);
    }
}
