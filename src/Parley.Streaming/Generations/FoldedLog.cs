using System.Text;

namespace Parley.Streaming.Generations;

/// <summary>
/// A whole log as one value: what a message keeps of its generation. The same parts give the same positions again.
/// </summary>
/// <param name="Bytes">Text, with <see cref="LogSlice.Mark"/> for each control entry.</param>
/// <param name="Controls">Every control entry, in order.</param>
public sealed record FoldedLog(ReadOnlyMemory<byte> Bytes, IReadOnlyList<PositionedControl> Controls)
{
    /// <summary>A log without entries.</summary>
    public static FoldedLog Empty { get; } = new(default, []);

    /// <summary>The position after the last entry.</summary>
    public long End => Bytes.Length;

    /// <summary>How it ended, or null while it has not.</summary>
    public GenerationEnded? Ended => Controls.Count > 0 ? Controls[^1].Control as GenerationEnded : null;

    /// <summary>The log from <paramref name="after"/> on.</summary>
    public LogSlice From(long after)
    {
        var controls = Controls as List<PositionedControl> ?? [.. Controls];
        return new LogSlice(after, Bytes[(int)after..], LogControls.Between(controls, after, End), LogControls.OpenAt(controls, after));
    }

    /// <summary>The log up to a boundary, without its end: what another generation may begin with.</summary>
    public FoldedLog UpTo(long position)
    {
        if (Ended is not null)
        {
            position = Math.Min(position, End - 1);
        }

        return new FoldedLog(Bytes[..(int)position], [.. Controls.TakeWhile(control => control.Position < position)]);
    }

    /// <summary>The log with entries added at its end. None of them may be text.</summary>
    public FoldedLog With(IReadOnlyCollection<LogControl> controls)
    {
        var bytes = new byte[Bytes.Length + controls.Count];
        Bytes.CopyTo(bytes);
        bytes.AsSpan(Bytes.Length).Fill(LogSlice.Mark);
        return new FoldedLog(
            bytes,
            [.. Controls, .. controls.Select((control, index) => new PositionedControl(Bytes.Length + index, control))]
        );
    }

    /// <summary>Tool calls without a result.</summary>
    public IReadOnlyList<PartOpened> OpenCalls()
    {
        var answered = Controls.Select(control => control.Control).OfType<ToolReturned>().Select(result => result.CallId).ToHashSet();
        return
        [
            .. Controls
                .Select(control => control.Control)
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

    /// <summary>The largest boundary at or before <paramref name="position"/>: never inside a character, never beyond the end.</summary>
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
