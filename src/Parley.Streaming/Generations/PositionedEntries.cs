namespace Parley.Streaming.Generations;

/// <summary>
/// Queries over the control entries of a log, or of a contiguous part of it. The entries must be in the order of their positions; every
/// query is a binary search.
/// </summary>
public static class PositionedEntries
{
    /// <summary>
    /// The index of the first control entry at or after <paramref name="position"/>; the number of entries when there is none.
    /// </summary>
    public static int IndexAt(ReadOnlySpan<PositionedEntry> entries, long position)
    {
        int low = 0,
            high = entries.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (entries[middle].Position < position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>The control entries at positions from <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    public static ReadOnlySpan<PositionedEntry> Between(ReadOnlySpan<PositionedEntry> entries, long from, long to)
    {
        var first = IndexAt(entries, from);
        return entries[first..Math.Max(first, IndexAt(entries, to))];
    }

    /// <summary>The part that is open at <paramref name="position"/>, or null when none is.</summary>
    /// <param name="entries">The control entries. Those at or after <paramref name="position"/> are not looked at.</param>
    /// <param name="position">The position.</param>
    /// <param name="openBefore">
    /// The part that is open before the first of <paramref name="entries"/>, when they do not begin at the log's beginning.
    /// </param>
    public static PartOpened? OpenPartAt(ReadOnlySpan<PositionedEntry> entries, long position, PartOpened? openBefore = null)
    {
        for (var i = IndexAt(entries, position) - 1; i >= 0; i--)
        {
            switch (entries[i].Entry)
            {
                case PartOpened opened:
                    return opened;
                case PartClosed:
                    return null;
            }
        }

        return openBefore;
    }
}
