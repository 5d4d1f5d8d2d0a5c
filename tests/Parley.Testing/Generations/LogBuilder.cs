using System.Text;
using Parley.Streaming.Generations;

namespace Parley.Testing.Generations;

/// <summary>Builds a log entry by entry, as the engine does.</summary>
public sealed class LogBuilder
{
    private readonly List<byte> _bytes = [];
    private readonly List<PositionedEntry> _controls = [];

    public long End => _bytes.Count;

    public LogSnapshot Log => new(_bytes.ToArray(), [.. _controls]);

    public LogBuilder Open(PartKind kind, string? callId = null, string? name = null, bool continues = false) =>
        Add(new PartOpened(kind, callId, name, continues));

    public LogBuilder Close() => Add(PartClosed.Instance);

    public LogBuilder Text(string text)
    {
        _bytes.AddRange(Encoding.UTF8.GetBytes(text));
        return this;
    }

    public LogBuilder Part(PartKind kind, string text) => Open(kind).Text(text).Close();

    public LogBuilder Tool(string callId, string name, string arguments) => Open(PartKind.Tool, callId, name).Text(arguments).Close();

    public LogBuilder Completed(GenerationUsage? usage = null) => Add(new GenerationEnded(GenerationStatus.Completed, "stop", usage));

    public LogBuilder Add(LogEntry control)
    {
        _controls.Add(new PositionedEntry(_bytes.Count, control));
        _bytes.Add(LogSlice.Mark);
        return this;
    }

    public void Append(PendingSlice slice)
    {
        _bytes.AddRange(slice.Bytes.Span);
        _controls.AddRange(slice.Controls.Span);
    }

    public static LogBuilder Of(LogSnapshot log)
    {
        var builder = new LogBuilder();
        builder._bytes.AddRange(log.Bytes.Span);
        builder._controls.AddRange(log.Controls);
        return builder;
    }
}

/// <summary>Cuts logs for stores and readers, and compares them.</summary>
public static class LogCuts
{
    /// <summary>All positions from which a reader may continue, including the end.</summary>
    public static List<long> Boundaries(this LogSnapshot log)
    {
        List<long> boundaries = [];
        for (var at = 0; at < log.Bytes.Length; at++)
        {
            if (LogSlice.IsBoundary(log.Bytes.Span[at]))
            {
                boundaries.Add(at);
            }
        }

        boundaries.Add(log.End);
        return boundaries;
    }

    /// <summary>The range as a writer appends it.</summary>
    public static PendingSlice Pending(this LogSnapshot log, GenerationId id, int epoch, long from, long to) =>
        new(
            id,
            epoch,
            from,
            log.Bytes[(int)from..(int)to],
            log.Controls.Where(control => control.Position >= from && control.Position < to).ToArray()
        );

    /// <summary>The range as a reader gets it.</summary>
    public static LogSlice Between(this LogSnapshot log, long from, long to) =>
        new(
            from,
            log.Bytes[(int)from..(int)to],
            log.Controls.Where(control => control.Position >= from && control.Position < to).ToArray(),
            log.From(from).Open
        );

    public static void AssertSame(LogSnapshot expected, LogSnapshot actual)
    {
        Assert.Equal(expected.Bytes.ToArray(), actual.Bytes.ToArray());
        Assert.Equal(expected.Controls, actual.Controls);
    }

    /// <summary>
    /// Asserts that a slice is what the log has there: bytes, control entries, positions, the open part; and that it splits no character.
    /// </summary>
    public static void AssertIsPartOf(LogSnapshot log, LogSlice slice)
    {
        Assert.InRange(slice.To, slice.From, log.End);
        Assert.True(slice.To == log.End || LogSlice.IsBoundary(log.Bytes.Span[(int)slice.To]), $"{slice.To} is inside a character.");
        Assert.Equal(log.Bytes[(int)slice.From..(int)slice.To].ToArray(), slice.Bytes.ToArray());
        Assert.Equal(
            log.Controls.Where(control => control.Position >= slice.From && control.Position < slice.To),
            slice.Controls.ToArray()
        );
        if (slice.Bytes.Length > 0)
        {
            Assert.Equal(log.From(slice.From).Open, slice.Open);
        }
    }
}
