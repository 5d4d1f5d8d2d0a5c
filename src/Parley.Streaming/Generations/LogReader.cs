using System.Threading.Tasks.Sources;

namespace Parley.Streaming.Generations;

/// <summary>
/// Follows one log. Its whole state is a position: it takes what is committed beyond it, in slices of at most <see cref="GenerationOptions.SliceBytes"/>.
/// A slow reader gets fewer, larger slices up to that size; nothing is queued for it.
/// </summary>
/// <remarks>
/// For one task: <c>while (true) { while (reader.TryRead(out var slice)) …; if (reader.State != Following) break; await reader.WaitAsync(); }</c>.
/// Only <see cref="Wake()"/> may be called by others.
/// </remarks>
public sealed class LogReader : IValueTaskSource<bool>, IDisposable
{
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
            slice = _fetched;
            _fetched = default;
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

    /// <summary>Waits until there may be something to read. False after <see cref="Wake()"/>. Throws when the reader is cancelled.</summary>
    public ValueTask<bool> WaitAsync()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        _log ??= _runner.Find(_id);
        if (_log is null)
        {
            return FetchAsync();
        }

        _wait.Reset();
        Volatile.Write(ref _waiting, Waiting);
        if (!_log.TryWait(this, Position, out var behindWindow))
        {
            // A cancellation before this moment found no wait to end.
            if (_cancellationToken.IsCancellationRequested)
            {
                Wake();
            }

            return new ValueTask<bool>(this, _wait.Version);
        }

        // A wake-up in the meantime is about to complete the wait: it must be consumed.
        if (Interlocked.CompareExchange(ref _waiting, Idle, Waiting) != Waiting)
        {
            return new ValueTask<bool>(this, _wait.Version);
        }

        return behindWindow ? FetchAsync() : ValueTask.FromResult(true);
    }

    /// <summary>Ends a wait early, so that its task can look at the time (for a heartbeat, for example). Without effect when the task does not wait.</summary>
    public void Wake() => Wake(hasMore: false);

    /// <summary>Ends a wait.</summary>
    /// <param name="hasMore">There is something to read.</param>
    internal void Wake(bool hasMore)
    {
        if (Interlocked.CompareExchange(ref _waiting, Idle, Waiting) != Waiting)
        {
            return;
        }

        if (!hasMore)
        {
            _log?.Forget(this);
        }

        _wait.SetResult(hasMore);
    }

    /// <summary>Reads from the store: what is older than the window, and what does not run on this node.</summary>
    private async ValueTask<bool> FetchAsync()
    {
        var slice = await _store.ReadAsync(_id, Position, _options.SliceBytes, _cancellationToken);
        if (slice is null)
        {
            State = LogReaderState.Lost;
            return false;
        }

        _fetched = slice.Value;
        if (_fetched.Bytes.Length > 0)
        {
            return true;
        }

        // Nothing more, and not running here: it has ended at this position, or its owner is gone and it will soon be adopted or ended.
        var record = await _store.FindAsync(_id, _cancellationToken);
        if (record is null)
        {
            State = LogReaderState.Lost;
        }
        else if (record.Status != GenerationStatus.Running && record.End <= Position)
        {
            State = LogReaderState.Ended;
        }
        else
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), _time, _cancellationToken);
        }

        return false;
    }

    public void Dispose()
    {
        _registration.Dispose();
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

    /// <summary>The log is no longer available here: it was deleted, or another node owns it now. The client reconnects with its position.</summary>
    Lost,
}
