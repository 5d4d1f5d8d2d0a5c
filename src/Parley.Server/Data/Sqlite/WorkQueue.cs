namespace Parley.Server.Data.Sqlite;

/// <summary>
/// A bounded queue from many tasks to one thread, which takes all that is there at a time. It waits without spinning: with as few processors as a
/// small server has, a spinning thread takes time from those that would give it work.
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

    /// <summary>Waits until something is there and adds it to <paramref name="taken"/>, at most so many. False once the queue is closed and empty.</summary>
    public bool TakeAll(List<T> taken, int most)
    {
        lock (_gate)
        {
            while (_items.Count == 0 && !_closed)
            {
                Monitor.Wait(_gate);
            }

            while (taken.Count < most && _items.TryDequeue(out var item))
            {
                taken.Add(item);
            }

            return taken.Count > 0;
        }
    }

    /// <summary>Takes no more; what is there can still be taken. False when it was closed already.</summary>
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
