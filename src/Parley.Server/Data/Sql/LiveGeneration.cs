using System.Buffers;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>What the store keeps of a running generation in memory: the stretch of its log that is in the journal and not yet in a segment.</summary>
internal sealed class LiveGeneration(long key, int epoch, long segmentEnd, List<PositionedControl> controls)
{
    private readonly Lock _gate = new();
    private readonly ArrayBufferWriter<byte> _tail = new(256);

    public long Key { get; } = key;

    /// <summary>Only the writer's thread changes it.</summary>
    public int Epoch { get; set; } = epoch;

    /// <summary>All control entries so far.</summary>
    public List<PositionedControl> Controls { get; } = controls;

    /// <summary>Up to here the log is in segments.</summary>
    public long SegmentEnd { get; private set; } = segmentEnd;

    /// <summary>The position after the last committed entry.</summary>
    public long End
    {
        get
        {
            lock (_gate)
            {
                return SegmentEnd + _tail.WrittenCount;
            }
        }
    }

    public int TailLength => _tail.WrittenCount;

    /// <summary>The bytes after <see cref="SegmentEnd"/>, with those of a slice that is being committed.</summary>
    public byte[] TailWith(ReadOnlyMemory<byte> more)
    {
        lock (_gate)
        {
            var bytes = new byte[_tail.WrittenCount + more.Length];
            _tail.WrittenSpan.CopyTo(bytes);
            more.Span.CopyTo(bytes.AsSpan(_tail.WrittenCount));
            return bytes;
        }
    }

    public PartOpened? OpenAt(long position)
    {
        lock (_gate)
        {
            for (var i = Controls.Count - 1; i >= 0; i--)
            {
                if (Controls[i].Position >= position)
                {
                    continue;
                }

                if (Controls[i].Control is PartOpened opened)
                {
                    return opened;
                }

                if (Controls[i].Control is PartClosed)
                {
                    return null;
                }
            }

            return null;
        }
    }

    /// <summary>A slice is committed, in the journal.</summary>
    public void Appended(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<PositionedControl> controls)
    {
        lock (_gate)
        {
            _tail.Write(bytes.Span);
            foreach (var control in controls.Span)
            {
                Controls.Add(control);
            }
        }
    }

    /// <summary>All so far is committed, in segments.</summary>
    public void Segmented()
    {
        lock (_gate)
        {
            SegmentEnd = End;
            _tail.ResetWrittenCount();
        }
    }

    /// <summary>A copy of what is there from <paramref name="after"/> on; null when that is in the segments.</summary>
    public LogSlice? Read(long after, int maxBytes)
    {
        lock (_gate)
        {
            if (after < SegmentEnd)
            {
                return null;
            }

            var from = (int)(after - SegmentEnd);
            var tail = _tail.WrittenSpan;
            if (from >= tail.Length)
            {
                return new LogSlice(after, default, default, null);
            }

            var to = Slices.BoundaryAt(tail, from, maxBytes);
            return new LogSlice(after, tail[from..to].ToArray(), Slices.Between(Controls, after, SegmentEnd + to), OpenAt(after));
        }
    }
}

/// <summary>Cutting logs.</summary>
internal static class Slices
{
    /// <summary>The end of a slice of about <paramref name="maxBytes"/> from <paramref name="from"/>: never inside a character, never empty.</summary>
    public static int BoundaryAt(ReadOnlySpan<byte> bytes, int from, int maxBytes)
    {
        var to = (int)Math.Min(bytes.Length, (long)from + Math.Max(1, maxBytes));
        var back = to;
        while (back > from && back < bytes.Length && !LogSlice.IsBoundary(bytes[back]))
        {
            back--;
        }

        if (back > from)
        {
            return back;
        }

        while (to < bytes.Length && !LogSlice.IsBoundary(bytes[to]))
        {
            to++;
        }

        return to;
    }

    public static PositionedControl[] Between(IEnumerable<PositionedControl> controls, long from, long to) =>
        [.. controls.Where(control => control.Position >= from && control.Position < to)];
}
