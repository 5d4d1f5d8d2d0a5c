using System.Buffers;
using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Postgres;

/// <summary>One group commit: what it stores, and what changes in memory after it.</summary>
internal sealed class PostgresCommit(string node, long sequence, int slices)
{
    /// <summary>The id under which this process is registered as a node.</summary>
    public string Node { get; } = node;

    /// <summary>The number of its journal row. A commit whose reply was lost is sent again with the same number.</summary>
    public long Sequence { get; } = sequence;

    public AppendOutcome[] Outcomes { get; } = new AppendOutcome[slices];

    /// <summary>The content of its journal row.</summary>
    public ArrayBufferWriter<byte> Batch { get; } = new(512);

    public List<(LiveGeneration Live, PendingSlice Slice)> Appended { get; } = [];

    public List<PostgresEnd> Ends { get; } = [];

    /// <summary>Generations whose bytes in the journal are copied into a segment.</summary>
    public HashSet<LiveGeneration> Segmented { get; } = [];

    /// <summary>The whole journal of this node is copied into segments and emptied.</summary>
    public bool EmptiesJournal { get; set; }

    /// <summary>It was sent; whether it was committed is not known yet.</summary>
    public bool IsUncertain { get; set; }

    public bool IsEmpty => Appended.Count == 0 && Ends.Count == 0;

    /// <summary>It needs one statement only.</summary>
    public bool IsJournalOnly => Ends.Count == 0 && Segmented.Count == 0;

    /// <summary>Whether it contains exactly this slice, committed.</summary>
    public bool HasCommitted(in PendingSlice slice)
    {
        foreach (var (_, appended) in Appended)
        {
            if (IsSame(appended, slice))
            {
                return true;
            }
        }

        foreach (var end in Ends)
        {
            if (IsSame(end.Slice, slice))
            {
                return Outcomes[end.Index] == AppendOutcome.Committed;
            }
        }

        return false;
    }

    /// <summary>Marks all of its slices as fenced.</summary>
    public void Fence()
    {
        Array.Fill(Outcomes, AppendOutcome.Fenced);
        Appended.Clear();
        Ends.Clear();
        Segmented.Clear();
    }

    private static bool IsSame(in PendingSlice one, in PendingSlice other) =>
        one.Id == other.Id && one.Epoch == other.Epoch && one.Start == other.Start && one.Bytes.Span.SequenceEqual(other.Bytes.Span);
}

/// <summary>A slice that ends its generation.</summary>
internal readonly record struct PostgresEnd(int Index, LiveGeneration Live, PendingSlice Slice, GenerationEnded Ended);
