namespace Parley.Streaming.Providers.Transport;

/// <summary>
/// Enforces all limits of one provider call with one timer. Activity only records a time; when the timer fires it reads the times
/// and schedules itself for the rest, so a token costs no timer. Time that the consumer spends does not count.
/// </summary>
internal sealed class StreamWatch : IDisposable
{
    private static readonly TimeSpan MaxDue = TimeSpan.FromHours(12);

    private readonly TimeProvider _time;
    private readonly ProviderTimeouts _limits;
    private readonly CancellationTokenSource _cancel;
    private readonly ITimer _timer;
    private readonly long _started;
    private long _silentSince;
    private long _contentSince;
    private long _bytesAt;
    private long _finishedAt;
    private volatile Phase _phase;
    private volatile bool _waiting;
    private volatile bool _disposed;
    private volatile int _expired = -1;

    public StreamWatch(TimeProvider time, ProviderTimeouts limits, CancellationToken caller)
    {
        _time = time;
        _limits = limits;
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(caller);
        _started = _silentSince = _contentSince = _bytesAt = time.GetTimestamp();
        _timer = time.CreateTimer(
            static state => ((StreamWatch)state!).OnTimer(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        Arm();
    }

    private enum Phase
    {
        FirstToken,
        Streaming,
        Finishing,
    }

    /// <summary>Cancelled by the caller, or when a limit is exceeded.</summary>
    public CancellationToken Token => _cancel.Token;

    /// <summary>The limit that ended the call, if one did. The caller ignores it after the finish reason.</summary>
    public ProviderFailure? Expired => _expired < 0 ? null : (ProviderFailure)_expired;

    /// <summary>The consumer waits for the provider from now on.</summary>
    public void BeginWait()
    {
        var now = _time.GetTimestamp();
        Volatile.Write(ref _contentSince, _contentSince + (now - _bytesAt));
        Volatile.Write(ref _silentSince, now);
        _waiting = true;
    }

    /// <summary>The provider sent bytes: the wait is over.</summary>
    public void BytesArrived()
    {
        _waiting = false;
        _bytesAt = _time.GetTimestamp();
    }

    /// <summary>The bytes had text, reasoning or a tool call.</summary>
    public void ContentArrived()
    {
        Volatile.Write(ref _contentSince, _bytesAt);
        if (_phase != Phase.FirstToken)
        {
            return;
        }

        _phase = Phase.Streaming;
        Arm();
    }

    /// <summary>The bytes had the finish reason.</summary>
    public void Finished()
    {
        if (_phase == Phase.Finishing)
        {
            return;
        }

        Volatile.Write(ref _finishedAt, _time.GetTimestamp());
        _phase = Phase.Finishing;
        Arm();
    }

    public void Dispose()
    {
        _disposed = true;
        _timer.Dispose();
        _cancel.Dispose();
    }

    private void OnTimer()
    {
        if (_disposed)
        {
            return;
        }

        try
        {
            if (Left() is var (left, failure) && left > TimeSpan.Zero)
            {
                _timer.Change(left < MaxDue ? left : MaxDue, Timeout.InfiniteTimeSpan);
                return;
            }

            _expired = (int)failure;
            _cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call ended while the timer was firing.
        }
    }

    private void Arm()
    {
        var (left, _) = Left();
        _timer.Change(
            left <= TimeSpan.Zero ? TimeSpan.Zero
                : left < MaxDue ? left
                : MaxDue,
            Timeout.InfiniteTimeSpan
        );
    }

    private (TimeSpan Left, ProviderFailure Failure) Left()
    {
        var total = Left(_limits.Total, _started);
        var (own, failure) = _phase switch
        {
            Phase.FirstToken => (Left(_limits.FirstToken, _started), ProviderFailure.FirstTokenTimedOut),
            Phase.Finishing => (Left(_limits.AfterFinish, Volatile.Read(ref _finishedAt)), ProviderFailure.Stalled),
            _ when !_waiting => (Left(_limits.Idle, _time.GetTimestamp()), ProviderFailure.Stalled),
            _ => (
                Min(
                    Left(_limits.Idle, Volatile.Read(ref _silentSince)),
                    Left(_limits.Idle * ProviderTimeouts.PingFactor, Volatile.Read(ref _contentSince))
                ),
                ProviderFailure.Stalled
            ),
        };
        return total <= own ? (total, ProviderFailure.DeadlineExceeded) : (own, failure);
    }

    private TimeSpan Left(TimeSpan limit, long since) => limit < TimeSpan.Zero ? TimeSpan.MaxValue : limit - _time.GetElapsedTime(since);

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
