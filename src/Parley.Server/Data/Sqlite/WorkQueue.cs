namespace Parley.Server.Data.Sqlite;

/// <summary>
/// A bounded queue from many tasks to one thread, which takes all queued items at a time. It waits without spinning: on a small server with
/// few processors, a spinning thread takes time from the threads that would queue items.
/// </summary>
internal sealed class WorkQueue<T>(int limit)
{
    private readonly object _gate = new();
    private readonly Queue<T> _items = new();
    private bool _closed;

    /// <summary>False when the queue is full or closed.</summary>
    public bool TryAdd(T item)
    {
        lock (_gate)
        {
            if (_closed || _items.Count == limit)
            {
                return false;
            }

            _items.Enqueue(item);
            if (_items.Count == 1)
            {
                Monitor.Pulse(_gate);
            }

            return true;
        }
    }

    /// <summary>
    /// Waits for an item, and moves at most <paramref name="max"/> items to <paramref name="taken"/>. False once the queue is closed and
    /// empty.
    /// </summary>
    public bool TakeAll(List<T> taken, int max)
    {
        lock (_gate)
        {
            while (_items.Count == 0 && !_closed)
            {
                Monitor.Wait(_gate);
            }

            while (taken.Count < max && _items.TryDequeue(out var item))
            {
                taken.Add(item);
            }

            return taken.Count > 0;
        }
    }

    /// <summary>Refuses new items; queued items can still be taken. False when it is already closed.</summary>
    public bool Close()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _closed = true;
            Monitor.PulseAll(_gate);
            return true;
        }
    }
}
