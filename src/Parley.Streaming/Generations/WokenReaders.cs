namespace Parley.Streaming.Generations;

/// <summary>
/// Runs the continuations of many woken readers in a few work items of the pool instead of one each: handing a reader to a sleeping pool
/// thread costs more than what the reader then does.
/// </summary>
internal sealed class WokenReaders(LogReader[] readers) : IThreadPoolWorkItem
{
    private const int MinPerItem = 64,
        MaxInline = 64;

    /// <summary>Wakes all readers of <paramref name="woken"/> and empties the list.</summary>
    /// <param name="woken">The readers to wake.</param>
    /// <param name="inline">
    /// A few readers may run on the caller's thread: they have sent their token before another thread would have woken up.
    /// </param>
    public static void Dispatch(List<LogReader> woken, bool inline)
    {
        if (woken.Count == 0)
        {
            return;
        }

        if (inline && woken.Count <= MaxInline)
        {
            foreach (var reader in woken)
            {
                reader.Wake(hasMore: true);
            }

            woken.Clear();
            return;
        }

        var items = Math.Clamp(woken.Count / MinPerItem, 1, Environment.ProcessorCount);
        var share = (woken.Count + items - 1) / items;
        for (var from = 0; from < woken.Count; from += share)
        {
            var readers = woken.GetRange(from, Math.Min(share, woken.Count - from)).ToArray();
            ThreadPool.UnsafeQueueUserWorkItem(new WokenReaders(readers), preferLocal: false);
        }

        woken.Clear();
    }

    void IThreadPoolWorkItem.Execute()
    {
        foreach (var reader in readers)
        {
            reader.Wake(hasMore: true);
        }
    }
}
