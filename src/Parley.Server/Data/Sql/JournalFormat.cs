using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>
/// One group commit as one row: for each slice its generation's key (8 bytes), start (8), length (4), bytes, length of its controls (4),
/// controls as a JSON array. Integers are little-endian. With one row per commit, for any number of generations, a commit writes one page.
/// </summary>
internal static class JournalFormat
{
    public static void Write(IBufferWriter<byte> output, long generationKey, in PendingSlice slice)
    {
        var head = output.GetSpan(20);
        BinaryPrimitives.WriteInt64LittleEndian(head, generationKey);
        BinaryPrimitives.WriteInt64LittleEndian(head[8..], slice.Start);
        BinaryPrimitives.WriteInt32LittleEndian(head[16..], slice.Bytes.Length);
        output.Advance(20);
        output.Write(slice.Bytes.Span);
        var controls = slice.Controls.IsEmpty ? [] : ControlsToJson(slice.Controls);
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), controls.Length);
        output.Advance(4);
        output.Write(controls);
    }

    public static IEnumerable<(long Key, long Start, ReadOnlyMemory<byte> Bytes, List<PositionedEntry> Controls)> Read(
        ReadOnlyMemory<byte> batch
    )
    {
        while (batch.Length > 0)
        {
            var key = BinaryPrimitives.ReadInt64LittleEndian(batch.Span);
            var start = BinaryPrimitives.ReadInt64LittleEndian(batch.Span[8..]);
            var length = BinaryPrimitives.ReadInt32LittleEndian(batch.Span[16..]);
            var bytes = batch.Slice(20, length);
            batch = batch[(20 + length)..];
            var controls = BinaryPrimitives.ReadInt32LittleEndian(batch.Span);
            yield return (
                key,
                start,
                bytes,
                WithPositions(start, bytes.Span, controls == 0 ? [] : ControlsFromJson(batch.Slice(4, controls).Span))
            );
            batch = batch[(4 + controls)..];
        }
    }

    /// <summary>
    /// Appends the slices that start at the end of their logs. Others belong to logs that aren't requested, or are already in a segment.
    /// </summary>
    public static void Replay(ReadOnlyMemory<byte> batch, IReadOnlyDictionary<long, LiveGeneration> logs)
    {
        foreach (var (key, start, bytes, controls) in Read(batch))
        {
            if (logs.TryGetValue(key, out var log) && log.End == start)
            {
                log.Appended(bytes, controls.ToArray());
            }
        }
    }

    public static byte[] ControlsToJson(ReadOnlyMemory<PositionedEntry> controls)
    {
        List<LogEntry> list = [];
        foreach (var control in controls.Span)
        {
            list.Add(control.Entry);
        }

        return JsonSerializer.SerializeToUtf8Bytes(list, LogEntryJson.Default.ListLogEntry);
    }

    public static List<LogEntry> ControlsFromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, LogEntryJson.Default.ListLogEntry)!;

    /// <summary>Sets the positions of control entries: those of the marks in the bytes, in order.</summary>
    public static List<PositionedEntry> WithPositions(long start, ReadOnlySpan<byte> bytes, List<LogEntry> controls)
    {
        List<PositionedEntry> positioned = new(controls.Count);
        var at = 0;
        foreach (var control in controls)
        {
            at += bytes[at..].IndexOf(LogSlice.Mark);
            positioned.Add(new PositionedEntry(start + at++, control));
        }

        return positioned;
    }
}
