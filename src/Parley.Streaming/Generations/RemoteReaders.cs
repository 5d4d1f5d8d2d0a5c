namespace Parley.Streaming.Generations;

/// <summary>The readers of this node that wait for generations which this node does not write.</summary>
internal sealed class RemoteReaders
{
    private readonly Lock _gate = new();
    private readonly Dictionary<GenerationId, HashSet<LogReader>> _waiting = [];

    /// <summary>From now on the reader is woken when there is news of the generation.</summary>
    public void Add(GenerationId id, LogReader reader)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(id, out var readers))
            {
                _waiting[id] = readers = [];
            }

            readers.Add(reader);
        }
    }

    /// <summary>Undoes <see cref="Add"/>.</summary>
    public void Remove(GenerationId id, LogReader reader)
    {
        lock (_gate)
        {
            if (_waiting.TryGetValue(id, out var readers) && readers.Remove(reader) && readers.Count == 0)
            {
                _waiting.Remove(id);
            }
        }
    }

    /// <summary>Wakes the readers of a generation, on threads of the pool.</summary>
    public void Wake(GenerationId id)
    {
        List<LogReader> woken;
        lock (_gate)
        {
            if (!_waiting.TryGetValue(id, out var readers))
            {
                return;
            }

            woken = [.. readers];
        }

        WokenReaders.Dispatch(woken, inline: false);
    }
}
