namespace Parley.Streaming.Generations;

/// <summary>
/// Runs the continuations of many woken readers in a few pool items instead of one each: handing a reader to a sleeping
/// pool thread costs more than what the reader then does.
/// </summary>
internal sealed class WokenReaders(LogReader[] readers) : IThreadPoolWorkItem
{
    private const int LeastPerItem = 64,
        MostHere = 64;

    /// <summary>Wakes all of <paramref name="woken"/> and empties it.</summary>
    /// <param name="woken">Who to wake.</param>
    /// <param name="here">A few may run on the caller's thread: their token is on its way before another thread would have woken up.</param>
    public static void Dispatch(List<LogReader> woken, bool here)
    {
        if (woken.Count == 0)
        {
            return;
        }

        if (here && woken.Count <= MostHere)
        {
            foreach (var reader in woken)
            {
                reader.Wake();
            }

            woken.Clear();
            return;
        }

        var items = Math.Clamp(woken.Count / LeastPerItem, 1, Environment.ProcessorCount);
        var share = (woken.Count + items - 1) / items;
        for (var from = 0; from < woken.Count; from += share)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                new WokenReaders([.. woken.Slice(from, Math.Min(share, woken.Count - from))]),
                preferLocal: false
            );
        }

        woken.Clear();
    }

    void IThreadPoolWorkItem.Execute()
    {
        foreach (var reader in readers)
        {
            reader.Wake();
        }
    }
}
