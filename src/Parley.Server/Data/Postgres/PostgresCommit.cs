using System.Buffers;
using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Postgres;

/// <summary>One group commit: what it stores, and what it changes in memory once it is through.</summary>
internal sealed class PostgresCommit(string node, long sequence, int slices)
{
    /// <summary>The registration under which it is made.</summary>
    public string Node { get; } = node;

    /// <summary>Names its row of the journal, so that it can be sent again when the reply was lost.</summary>
    public long Sequence { get; } = sequence;

    public AppendOutcome[] Outcomes { get; } = new AppendOutcome[slices];

    /// <summary>What its row of the journal holds.</summary>
    public ArrayBufferWriter<byte> Batch { get; } = new(512);

    public List<(LiveGeneration Live, PendingSlice Slice)> Appended { get; } = [];

    public List<PostgresEnd> Ends { get; } = [];

    /// <summary>Generations whose journaled bytes become a segment.</summary>
    public HashSet<LiveGeneration> Segmented { get; } = [];

    /// <summary>All that this node has in the journal becomes segments.</summary>
    public bool EmptiesJournal { get; set; }

    /// <summary>It was sent and may have been committed.</summary>
    public bool IsUncertain { get; set; }

    public bool IsEmpty => Appended.Count == 0 && Ends.Count == 0;

    /// <summary>One statement is enough.</summary>
    public bool IsJournalOnly => Ends.Count == 0 && Segmented.Count == 0;

    /// <summary>Whether it has committed just this slice.</summary>
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

    /// <summary>Nothing of it counts.</summary>
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
