using System.Runtime.InteropServices;
using System.Text;

namespace Parley.Streaming.Generations;

/// <summary>
/// A whole log as one value, complete up to its end: what a message keeps of its generation. Its positions are those of the log that it was
/// made of.
/// </summary>
/// <param name="Bytes">UTF-8 text, with <see cref="LogSlice.Mark"/> for each control entry.</param>
/// <param name="Controls">All control entries, in order.</param>
public sealed record LogSnapshot(ReadOnlyMemory<byte> Bytes, IReadOnlyList<PositionedEntry> Controls)
{
    /// <summary>A log without entries.</summary>
    public static LogSnapshot Empty { get; } = new(default, []);

    /// <summary>All control entries, in order.</summary>
    public IReadOnlyList<PositionedEntry> Controls { get; } =
        Controls is PositionedEntry[] or List<PositionedEntry> ? Controls : Controls.ToArray();

    /// <summary>The position after the last entry.</summary>
    public long End => Bytes.Length;

    /// <summary>The end of the generation, or null when the log has not ended.</summary>
    public GenerationEnded? Ended => Controls.Count > 0 ? Controls[^1].Entry as GenerationEnded : null;

    private ReadOnlySpan<PositionedEntry> Entries =>
        Controls is PositionedEntry[] array ? array : CollectionsMarshal.AsSpan((List<PositionedEntry>)Controls);

    /// <summary>
    /// The log from <paramref name="after"/> on. <paramref name="after"/> must be a boundary. Shares the snapshot's memory.
    /// </summary>
    public LogSlice From(long after)
    {
        var entries = Entries;
        return new LogSlice(
            after,
            Bytes[(int)after..],
            PositionedEntries.Between(entries, after, End).ToArray(),
            PositionedEntries.OpenPartAt(entries, after)
        );
    }

    /// <summary>
    /// At most <paramref name="maxBytes"/> of the log from <paramref name="after"/> on, cut as <see cref="LogSlice.EndOf"/> does it; empty
    /// at the end of the log. The slice has memory of its own, so that a reader which keeps it does not keep the whole log.
    /// </summary>
    public LogSlice Slice(long after, int maxBytes)
    {
        if (after >= End)
        {
            return new LogSlice(after, default, default, null);
        }

        var end = LogSlice.EndOf(Bytes.Span, (int)after, maxBytes);
        var entries = Entries;
        return new LogSlice(
            after,
            Bytes[(int)after..end].ToArray(),
            PositionedEntries.Between(entries, after, end).ToArray(),
            PositionedEntries.OpenPartAt(entries, after)
        );
    }

    /// <summary>The part that is open at <paramref name="position"/>, or null.</summary>
    public PartOpened? OpenPartAt(long position) => PositionedEntries.OpenPartAt(Entries, position);

    /// <summary>The log up to <paramref name="position"/>, a boundary, without its end: what another generation may begin with.</summary>
    public LogSnapshot UpTo(long position)
    {
        if (Ended is not null)
        {
            position = Math.Min(position, End - 1);
        }

        return new LogSnapshot(Bytes[..(int)position], PositionedEntries.Between(Entries, 0, position).ToArray());
    }

    /// <summary>The log with control entries appended.</summary>
    public LogSnapshot With(IReadOnlyCollection<LogEntry> controls)
    {
        var bytes = new byte[Bytes.Length + controls.Count];
        Bytes.CopyTo(bytes);
        bytes.AsSpan(Bytes.Length).Fill(LogSlice.Mark);
        return new LogSnapshot(
            bytes,
            [.. Controls, .. controls.Select((control, index) => new PositionedEntry(Bytes.Length + index, control))]
        );
    }

    /// <summary>The tool calls that have no result.</summary>
    public IReadOnlyList<PartOpened> OpenCalls()
    {
        var answered = Controls.Select(control => control.Entry).OfType<ToolReturned>().Select(result => result.CallId).ToHashSet();
        return
        [
            .. Controls
                .Select(control => control.Entry)
                .OfType<PartOpened>()
                .Where(part => part.Part == PartKind.Tool && !answered.Contains(part.CallId!)),
        ];
    }

    /// <summary>The text of all parts of one kind up to <paramref name="upTo"/>, joined.</summary>
    public string TextOf(PartKind kind, long upTo = long.MaxValue)
    {
        if (upTo < End)
        {
            upTo = BoundaryAt(upTo);
        }

        var text = new StringBuilder();
        foreach (var entry in From(0))
        {
            if (entry.Part?.Part != kind)
            {
                continue;
            }

            var start = entry.End - entry.Text.Length;
            if (start >= upTo)
            {
                break;
            }

            text.Append(Encoding.UTF8.GetString(entry.End > upTo ? entry.Text[..(int)(upTo - start)] : entry.Text));
        }

        return text.ToString();
    }

    /// <summary>
    /// The largest boundary at or before <paramref name="position"/>: never inside a character, and never beyond the end.
    /// </summary>
    public long BoundaryAt(long position)
    {
        position = Math.Clamp(position, 0, End);
        while (position > 0 && position < End && !LogSlice.IsBoundary(Bytes.Span[(int)position]))
        {
            position--;
        }

        return position;
    }
}
