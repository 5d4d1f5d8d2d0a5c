using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>How logs are kept: rows of <c>generations</c>, <c>generation_segments</c> and, once they have ended, <c>messages</c>. The same in both databases; their journals differ.</summary>
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

    /// <summary>The log that a message was folded from.</summary>
    public static ValueTask<LogSnapshot?> ReadMessageAsync(SqlSession session, string messageId) =>
        session.FirstAsync(
            "SELECT content, parts FROM messages WHERE id = @id",
            static row => MessageParts.Unfold(row.GetString(0), row.TextOrNull(1)),
            ("@id", messageId)
        );

    /// <summary>What a running generation has in segments.</summary>
    public static async ValueTask<LogSnapshot> ReadSegmentsAsync(SqlSession session, long key) =>
        Join(
            await session.QueryAsync(
                "SELECT start, bytes, controls FROM generation_segments WHERE generation_key = @key ORDER BY start",
                static row => new SegmentRow(row.GetInt64(0), row.Bytes(1), row.GetString(2), null),
                ("@key", key)
            )
        );

    /// <summary>What is in the segment that holds <paramref name="after"/>, from there on; null where none holds it.</summary>
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
        var entries = CollectionsMarshal.AsSpan(Placed(found));
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

    /// <summary>Segments in order, as one log.</summary>
    public static LogSnapshot Join(IEnumerable<SegmentRow> segments)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        List<PositionedEntry> controls = [];
        foreach (var segment in segments)
        {
            bytes.Write(segment.Bytes);
            controls.AddRange(Placed(segment));
        }

        return new LogSnapshot(bytes.WrittenMemory, controls);
    }

    /// <summary>What the journal has of a generation and no segment yet, with a slice that is being committed, as the next segment.</summary>
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

    private static List<PositionedEntry> Placed(SegmentRow segment) =>
        JournalFormat.Place(segment.Start, segment.Bytes, JournalFormat.ControlsFromJson(Encoding.UTF8.GetBytes(segment.Controls)));
}

/// <summary>A row of <c>generations</c>, as far as its log goes.</summary>
internal sealed record GenerationRow(long Key, string MessageId, string Status, int Epoch, long? EndPosition, string NodeId)
{
    public bool IsRunning => Status == GenerationStatusNames.Running;
}

/// <summary>A row of <c>generation_segments</c>.</summary>
/// <param name="Start">The position of its first byte.</param>
/// <param name="Bytes">Text and marks.</param>
/// <param name="Controls">Its control entries, as JSON.</param>
/// <param name="Open">The part that is open where it begins, as JSON.</param>
internal sealed record SegmentRow(long Start, byte[] Bytes, string Controls, string? Open);
