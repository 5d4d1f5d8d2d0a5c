using System.Threading.Tasks.Sources;

namespace Parley.Streaming.Generations;

/// <summary>
/// Follows one log, on whichever node it is written. Its whole state is a position: it takes what is committed beyond it, in slices of at
/// most <see cref="GenerationOptions.SliceBytes"/>. A slow reader gets fewer, larger slices up to that size; nothing is queued for it, and
/// it holds no text while its client does not read.
/// </summary>
/// <remarks>
/// For one task: <c>while (true) { while (reader.TryRead(out var slice)) …; if (reader.State != Following) break; await reader.WaitAsync();
/// }</c>. Only <see cref="Wake()"/> may be called by others.
/// </remarks>
public sealed class LogReader : IValueTaskSource<bool>, IDisposable
{
    /// <summary>How often a reader that waits for another node's notices reads the store, in case one was lost.</summary>
    internal static readonly TimeSpan SafetyRead = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan MinRetryDelay = TimeSpan.FromMilliseconds(100),
        MaxRetryDelay = TimeSpan.FromSeconds(2);

    private const int Idle = 0,
        Waiting = 1;

    private readonly GenerationId _id;
    private readonly GenerationRunner _runner;
    private readonly IGenerationStore _store;
    private readonly GenerationOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _registration;
    private ManualResetValueTaskSourceCore<bool> _wait;
    private GenerationLog? _log;
    private LogSlice _fetched;
    private int _waiting;
    private ITimer? _safetyTimer;
    private TimeSpan _retryDelay;

    internal LogReader(
        GenerationId id,
        long after,
        GenerationRunner runner,
        IGenerationStore store,
        GenerationOptions options,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        (_id, Position, _runner, _store, _options, _time, _cancellationToken) = (
            id,
            after,
            runner,
            store,
            options,
            time,
            cancellationToken
        );
        _registration = cancellationToken.UnsafeRegister(static reader => ((LogReader)reader!).Wake(), this);
    }

    /// <summary>The position up to which the log was read.</summary>
    public long Position { get; private set; }

    /// <summary>Whether there can be more.</summary>
    public LogReaderState State { get; private set; }

    /// <summary>The reader's index in the log's list of those that wait; -1 when it is not on it. Guarded by the log's lock.</summary>
    internal int WaiterIndex { get; set; } = -1;

    /// <summary>Takes what is there beyond <see cref="Position"/>. Never waits.</summary>
    public bool TryRead(out LogSlice slice)
    {
        if (_fetched.Bytes.Length > 0)
        {
            // A store may return more than it was asked for.
            slice = _fetched.Cut(_options.SliceBytes);
            _fetched = slice.To < _fetched.To ? _fetched.After(slice.To) : default;
        }
        else if (_log is null || !_log.TryRead(Position, _options.SliceBytes, out slice))
        {
            slice = default;
            if (_log is { Fenced: true })
            {
                State = LogReaderState.Lost;
            }
            else if (_log is { Ended: not null } && Position == _log.Durable)
            {
                State = LogReaderState.Ended;
            }

            return false;
        }

        Position = slice.To;
        if (slice.Ended is not null)
        {
            State = LogReaderState.Ended;
        }

        return true;
    }

    /// <summary>
    /// Waits until there may be something to read. False after <see cref="Wake()"/>. Throws when the reader is cancelled.
    /// </summary>
    public ValueTask<bool> WaitAsync()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        _log ??= _runner.Find(_id);
        if (_log is null)
        {
            return WaitElsewhereAsync();
        }

        StartWait();
        if (!_log.TryWait(this, Position, out var behindWindow))
        {
            return new ValueTask<bool>(this, _wait.Version);
        }

        // A wake-up in the meantime is about to complete the wait: it must be consumed.
        if (!TryEndWait())
        {
            return new ValueTask<bool>(this, _wait.Version);
        }

        return behindWindow ? FetchAsync() : ValueTask.FromResult(true);
    }

    /// <summary>
    /// Ends a wait early, so that its task can look at the time (for a heartbeat, for example). Without effect when the task does not wait.
    /// </summary>
    public void Wake() => Wake(hasMore: false);

    /// <summary>Ends a wait.</summary>
    /// <param name="hasMore">There is something to read.</param>
    internal void Wake(bool hasMore)
    {
        if (!TryEndWait())
        {
            return;
        }

        if (!hasMore)
        {
            _log?.Forget(this);
        }

        _wait.SetResult(hasMore);
    }

    private void StartWait()
    {
        _wait.Reset();
        Volatile.Write(ref _waiting, Waiting);

        // A cancellation before this moment found no wait to end.
        if (_cancellationToken.IsCancellationRequested)
        {
            Wake();
        }
    }

    /// <summary>Ends a wait that was not woken. False when a wake-up has completed it, or is about to.</summary>
    private bool TryEndWait() => Interlocked.CompareExchange(ref _waiting, Idle, Waiting) == Waiting;

    /// <summary>Waits for a generation that does not run on this node: for notices of the bus, and for this node adopting it.</summary>
    private async ValueTask<bool> WaitElsewhereAsync()
    {
        _runner.RemoteReaders.Add(_id, this);
        try
        {
            while (true)
            {
                // The wait starts before the read, so that a notice of what the read does not see is not missed.
                StartWait();
                bool hasMore;
                try
                {
                    _log = _runner.Find(_id);
                    hasMore = _log is not null || await FetchAsync() || State != LogReaderState.Following || _retryDelay > TimeSpan.Zero;
                }
                catch
                {
                    await EndWaitAsync();
                    throw;
                }

                if (hasMore)
                {
                    await EndWaitAsync();
                    return true;
                }

                _safetyTimer ??= _time.CreateTimer(
                    static reader => ((LogReader)reader!).Wake(hasMore: true),
                    this,
                    Timeout.InfiniteTimeSpan,
                    Timeout.InfiniteTimeSpan
                );
                _safetyTimer.Change(SafetyRead, Timeout.InfiniteTimeSpan);
                if (!await new ValueTask<bool>(this, _wait.Version))
                {
                    return false;
                }
            }
        }
        finally
        {
            _runner.RemoteReaders.Remove(_id, this);
        }
    }

    private async ValueTask EndWaitAsync()
    {
        if (!TryEndWait())
        {
            await new ValueTask<bool>(this, _wait.Version);
        }
    }

    /// <summary>
    /// Reads from the store. While that is unavailable the reader keeps its position: it waits, longer each time, and returns false.
    /// </summary>
    private async ValueTask<bool> FetchAsync()
    {
        try
        {
            var hasMore = await FetchOnceAsync();
            _retryDelay = TimeSpan.Zero;
            return hasMore;
        }
        catch (StoreUnavailableException)
        {
            _retryDelay =
                _retryDelay == TimeSpan.Zero ? MinRetryDelay : TimeSpan.FromTicks(Math.Min(_retryDelay.Ticks * 2, MaxRetryDelay.Ticks));
            await Task.Delay(_retryDelay, _time, _cancellationToken);
            return false;
        }
    }

    /// <summary>
    /// Reads from the store: what is older than the window in memory, and what another node writes. False when there is nothing more now.
    /// </summary>
    private async ValueTask<bool> FetchOnceAsync()
    {
        if (await _store.ReadAsync(_id, Position, _options.SliceBytes, _cancellationToken) is not { } slice)
        {
            State = LogReaderState.Lost;
            return false;
        }

        if (slice.Bytes.Length > 0)
        {
            _fetched = slice;
            return true;
        }

        // It has ended at this position, or its owner has nothing more, or is gone and another node will adopt it.
        if (await _store.FindAsync(_id, _cancellationToken) is not { } record)
        {
            State = LogReaderState.Lost;
        }
        else if (record.Status != GenerationStatus.Running && record.End <= Position)
        {
            State = LogReaderState.Ended;
        }

        return false;
    }

    public void Dispose()
    {
        _registration.Dispose();
        _safetyTimer?.Dispose();
        _log?.Forget(this);
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _wait.OnCompleted(continuation, state, token, flags);
}

/// <summary>Whether a <see cref="LogReader"/> can get more.</summary>
public enum LogReaderState
{
    /// <summary>There may be more.</summary>
    Following,

    /// <summary>It has read the end of the generation.</summary>
    Ended,

    /// <summary>
    /// The log is no longer available here: it was deleted, or another node owns it now. The client reconnects with its position.
    /// </summary>
    Lost,
}
