using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>
/// Long logs of ended generations, for readers that read them slice by slice: without it, every slice would need the whole message. A log
/// is loaded once for all readers that ask for it at the same time, since each load takes several times its size in memory. It is dropped
/// when it has not been used for a few seconds.
/// </summary>
internal sealed class EndedLogCache : IDisposable
{
    /// <summary>
    /// The size from which a log belongs into the cache. Readers take a shorter one in a few slices, and it is cheap to load.
    /// </summary>
    public const int MinBytes = 64 * 1024;

    /// <summary>The total size of logs that are kept, after which the least recently used ones are dropped.</summary>
    public const long MaxBytes = 32 * 1024 * 1024;

    /// <summary>How long an unused log is kept.</summary>
    public static readonly TimeSpan MaxIdle = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<GenerationId, Entry> _entries = [];
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _bytes;

    public EndedLogCache(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static cache => ((EndedLogCache)cache!).Trim(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The log of an ended generation; null when <paramref name="load"/> finds none.</summary>
    /// <param name="id">The generation.</param>
    /// <param name="load">Loads the log. Its result is shared with other callers, so it must not depend on the caller's
    /// cancellation.</param>
    /// <param name="cancellationToken">Ends the wait, not the load.</param>
    public async ValueTask<LogSnapshot?> GetAsync(GenerationId id, Func<Task<LogSnapshot?>> load, CancellationToken cancellationToken)
    {
        Entry entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(id, out entry!))
            {
                _entries[id] = entry = new Entry(new Lazy<Task<LogSnapshot?>>(() => LoadAsync(id, load)));
            }

            entry.UsedAt = _time.GetTimestamp();
        }

        return await entry.Log.Value.WaitAsync(cancellationToken);
    }

    /// <summary>At most <paramref name="maxBytes"/> of a log from <paramref name="after"/> on; null without a log.</summary>
    public static LogSlice? Slice(LogSnapshot? log, long after, int maxBytes) => log?.Slice(Math.Min(after, log.End), maxBytes);

    private async Task<LogSnapshot?> LoadAsync(GenerationId id, Func<Task<LogSnapshot?>> load)
    {
        LogSnapshot? log = null;
        try
        {
            // On the pool: the caller holds no lock, but its own work must not run as a part of the load.
            log = await Task.Run(load);
            return log;
        }
        finally
        {
            Keep(id, log?.End ?? 0);
        }
    }

    private void Keep(GenerationId id, long bytes)
    {
        lock (_gate)
        {
            if (bytes == 0)
            {
                _entries.Remove(id);
                return;
            }

            _entries[id].Bytes = bytes;
            _bytes += bytes;
            while (_bytes > MaxBytes && _entries.Where(pair => pair.Value.Bytes > 0 && pair.Key != id).ToList() is { Count: > 0 } others)
            {
                Drop(others.MinBy(pair => pair.Value.UsedAt).Key);
            }
        }

        _timer.Change(MaxIdle, MaxIdle);
    }

    private void Trim()
    {
        lock (_gate)
        {
            foreach (var (id, entry) in _entries.Where(pair => pair.Value.Bytes > 0).ToList())
            {
                if (_time.GetElapsedTime(entry.UsedAt) >= MaxIdle)
                {
                    Drop(id);
                }
            }

            if (_bytes == 0)
            {
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Drop(GenerationId id)
    {
        if (_entries.Remove(id, out var entry))
        {
            _bytes -= entry.Bytes;
        }
    }

    public void Dispose() => _timer.Dispose();

    private sealed class Entry(Lazy<Task<LogSnapshot?>> log)
    {
        public Lazy<Task<LogSnapshot?>> Log { get; } = log;

        /// <summary>The log's size; 0 until it is loaded.</summary>
        public long Bytes { get; set; }

        public long UsedAt { get; set; }
    }
}
