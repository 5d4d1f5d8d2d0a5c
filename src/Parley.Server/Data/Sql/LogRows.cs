using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>
/// The rows that logs are stored in: <c>generations</c>, <c>generation_segments</c> and, once they have ended, <c>messages</c>. Both
/// databases share them; their journals differ.
/// </summary>
internal static class LogRows
{
    public static ValueTask<GenerationRow?> FindAsync(SqlSession session, GenerationId id) =>
        session.FirstAsync(
            "SELECT key, message_id, status, epoch, end_position, node_id FROM generations WHERE id = @id",
            static row => new GenerationRow(
                row.GetInt64(0),
                row.GetString(1),
                row.GetString(2),
                row.GetInt32(3),
                row.NumberOrNull(4),
                row.GetString(5)
            ),
            ("@id", id.ToString())
        );

    /// <summary>Unfolds the log of a message.</summary>
    public static ValueTask<LogSnapshot?> ReadMessageAsync(SqlSession session, string messageId) =>
        session.FirstAsync(
            "SELECT content, parts FROM messages WHERE id = @id",
            static row => MessageParts.Unfold(row.GetString(0), row.TextOrNull(1)),
            ("@id", messageId)
        );

    /// <summary>The part of a running generation's log that is in segments.</summary>
    public static async ValueTask<LogSnapshot> ReadSegmentsAsync(SqlSession session, long key) =>
        Join(
            await session.QueryAsync(
                "SELECT start, bytes, controls FROM generation_segments WHERE generation_key = @key ORDER BY start",
                static row => new SegmentRow(row.GetInt64(0), row.Bytes(1), row.GetString(2), null),
                ("@key", key)
            )
        );

    /// <summary>
    /// The log from <paramref name="after"/> on, as far as its segment contains it; null when no segment contains that position.
    /// </summary>
    public static async ValueTask<LogSlice?> ReadSegmentAsync(SqlSession session, long key, long after, int maxBytes)
    {
        var found = await session.FirstAsync(
            "SELECT start, bytes, controls, open FROM generation_segments WHERE generation_key = @key AND start <= @after ORDER BY start DESC LIMIT 1",
            static row => new SegmentRow(row.GetInt64(0), row.Bytes(1), row.GetString(2), row.TextOrNull(3)),
            ("@key", key),
            ("@after", after)
        );
        if (found is null || after - found.Start >= found.Bytes.Length)
        {
            return null;
        }

        var from = (int)(after - found.Start);
        var to = LogSlice.EndOf(found.Bytes, from, maxBytes);
        var entries = CollectionsMarshal.AsSpan(Positioned(found));
        var before = found.Open is null ? null : JsonSerializer.Deserialize(found.Open, LogEntryJson.Default.LogEntry) as PartOpened;
        return new LogSlice(
            after,
            found.Bytes.AsSpan(from, to - from).ToArray(),
            PositionedEntries.Between(entries, after, found.Start + to).ToArray(),
            PositionedEntries.OpenPartAt(entries, after, before)
        );
    }

    public static async ValueTask<long> SegmentEndAsync(SqlSession session, long key) =>
        await session.FirstAsync(
            "SELECT max(start + length(bytes)) FROM generation_segments WHERE generation_key = @key",
            static row => row.NumberOrNull(0) ?? 0,
            ("@key", key)
        );

    /// <summary>Joins segments, in order, to one log.</summary>
    public static LogSnapshot Join(IEnumerable<SegmentRow> segments)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        List<PositionedEntry> controls = [];
        foreach (var segment in segments)
        {
            bytes.Write(segment.Bytes);
            controls.AddRange(Positioned(segment));
        }

        return new LogSnapshot(bytes.WrittenMemory, controls);
    }

    /// <summary>The next segment of a generation: what is only in the journal, followed by a slice that is being committed.</summary>
    public static SegmentRow NextSegment(LiveGeneration live, in PendingSlice slice)
    {
        PositionedEntry[] controls =
        [
            .. PositionedEntries.Between(CollectionsMarshal.AsSpan(live.Controls), live.SegmentEnd, long.MaxValue),
            .. slice.Controls.ToArray(),
        ];
        var open = live.OpenPartAt(live.SegmentEnd);
        return new SegmentRow(
            live.SegmentEnd,
            live.TailWith(slice.Bytes),
            Encoding.UTF8.GetString(JournalFormat.ControlsToJson(controls)),
            open is null ? null : JsonSerializer.Serialize<LogEntry>(open, LogEntryJson.Default.LogEntry)
        );
    }

    private static List<PositionedEntry> Positioned(SegmentRow segment) =>
        JournalFormat.WithPositions(segment.Start, segment.Bytes, JournalFormat.ControlsFromJson(Encoding.UTF8.GetBytes(segment.Controls)));
}

/// <summary>The columns of <c>generations</c> that describe its log.</summary>
internal sealed record GenerationRow(long Key, string MessageId, string Status, int Epoch, long? EndPosition, string NodeId)
{
    public bool IsRunning => Status == GenerationStatusNames.Running;
}

/// <summary>A row of <c>generation_segments</c>.</summary>
/// <param name="Start">The position of its first byte.</param>
/// <param name="Bytes">Text and marks.</param>
/// <param name="Controls">Its control entries, as JSON.</param>
/// <param name="Open">The part that is open at its start, as JSON.</param>
internal sealed record SegmentRow(long Start, byte[] Bytes, string Controls, string? Open);
