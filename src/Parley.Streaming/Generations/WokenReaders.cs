namespace Parley.Streaming.Generations;

/// <summary>
/// Runs the continuations of many woken readers in a few pool items instead of one each: handing a reader to a sleeping
/// pool thread costs more than what the reader then does.
/// </summary>
internal sealed class WokenReaders(LogReader[] readers) : IThreadPoolWorkItem
{
    private const int LeastPerItem = 8;

    /// <summary>Wakes all of <paramref name="woken"/> and empties it.</summary>
    public static void Dispatch(List<LogReader> woken)
    {
        if (woken.Count == 0) return;
        var items = Math.Clamp(woken.Count / LeastPerItem, 1, Environment.ProcessorCount);
        var share = (woken.Count + items - 1) / items;
        for (var from = 0; from < woken.Count; from += share)
            ThreadPool.UnsafeQueueUserWorkItem(new WokenReaders([.. woken.Slice(from, Math.Min(share, woken.Count - from))]), preferLocal: false);
        woken.Clear();
    }

    void IThreadPoolWorkItem.Execute()
    {
        foreach (var reader in readers) reader.Wake();
    }
}
