using System.Buffers;
using System.Runtime.InteropServices;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>
/// The in-memory state of a running generation: its control entries, and the end of its log that is in the journal but in no segment yet.
/// </summary>
internal sealed class LiveGeneration(long key, int epoch, long segmentEnd, List<PositionedEntry> controls)
{
    private readonly Lock _gate = new();
    private readonly ArrayBufferWriter<byte> _tail = new(256);

    public long Key { get; } = key;

    /// <summary>Changed only by the writer thread.</summary>
    public int Epoch { get; set; } = epoch;

    /// <summary>All control entries so far.</summary>
    public List<PositionedEntry> Controls { get; } = controls;

    /// <summary>The position up to which the log is in segments.</summary>
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

    /// <summary>The bytes after <see cref="SegmentEnd"/>, followed by those of a slice that is being committed.</summary>
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

    /// <summary>The part that is open at a position, or null.</summary>
    public PartOpened? OpenPartAt(long position)
    {
        lock (_gate)
        {
            return PositionedEntries.OpenPartAt(CollectionsMarshal.AsSpan(Controls), position);
        }
    }

    /// <summary>A slice was committed to the journal.</summary>
    public void Appended(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<PositionedEntry> controls)
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

    /// <summary>The log so far was committed to segments.</summary>
    public void Segmented()
    {
        lock (_gate)
        {
            SegmentEnd = End;
            _tail.ResetWrittenCount();
        }
    }

    /// <summary>A copy of the log from <paramref name="after"/> on; null when that position is in a segment.</summary>
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

            var to = LogSlice.EndOf(tail, from, maxBytes);
            var entries = CollectionsMarshal.AsSpan(Controls);
            return new LogSlice(
                after,
                tail[from..to].ToArray(),
                PositionedEntries.Between(entries, after, SegmentEnd + to).ToArray(),
                PositionedEntries.OpenPartAt(entries, after)
            );
        }
    }
}
