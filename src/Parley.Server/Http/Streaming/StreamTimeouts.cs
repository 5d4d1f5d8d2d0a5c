using System.Buffers;
using System.IO.Pipelines;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Http.Streaming;

/// <summary>
/// The clock of one event stream, with one timer: wakes the stream's task when a heartbeat is due or the server shuts down, and closes the
/// connection of a client that does not read. Nothing is scheduled per event.
/// </summary>
internal sealed class StreamTimeouts : IDisposable
{
    /// <summary>What was sent needs a moment to arrive before the connection is aborted: a reset overtakes data.</summary>
    private static readonly TimeSpan AbortDelay = TimeSpan.FromMilliseconds(150);

    /// <summary>A wake is lost when the task is not waiting, so it is repeated.</summary>
    private static readonly TimeSpan WakePeriod = TimeSpan.FromMilliseconds(20);

    private readonly HttpContext _http;
    private readonly StreamOptions _options;
    private readonly TimeProvider _time;
    private readonly Action _wake;
    private readonly ITimer _timer;
    private readonly CancellationTokenRegistration _stopping;
    private ITimer? _wakeTimer;
    private bool _isWakePending;
    private long _flushedAt;
    private long _heartbeatAt;
    private long _flushingSince;

    /// <param name="http">The request.</param>
    /// <param name="options">The timeouts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="wake">Wakes the stream's task; called on any thread.</param>
    /// <param name="stopping">The server shuts down.</param>
    public StreamTimeouts(HttpContext http, StreamOptions options, TimeProvider time, Action wake, CancellationToken stopping)
    {
        (_http, _options, _time, _wake) = (http, options, time, wake);
        _flushedAt = _heartbeatAt = time.GetTimestamp();
        var period = TimeSpan.FromTicks(Math.Min(options.Heartbeat.Ticks, options.WriteDeadline.Ticks) / 3);
        _timer = time.CreateTimer(static timeouts => ((StreamTimeouts)timeouts!).Tick(), this, period, period);
        _stopping = stopping.UnsafeRegister(static timeouts => ((StreamTimeouts)timeouts!)._wake(), this);
    }

    /// <summary>Whether nothing was sent for the time after which a heartbeat is due.</summary>
    public bool IsHeartbeatDue => _time.GetElapsedTime(Volatile.Read(ref _heartbeatAt)) >= _options.Heartbeat - _options.Heartbeat / 6;

    /// <summary>Starts the time to the next heartbeat anew, for formats without one.</summary>
    public void SkipHeartbeat() => Volatile.Write(ref _heartbeatAt, _time.GetTimestamp());

    /// <summary>Whether nothing was sent for this time.</summary>
    public bool IsIdleFor(TimeSpan time) => _time.GetElapsedTime(_flushedAt) >= time;

    /// <summary>Wakes the task repeatedly from when nothing was sent for this time, until it is called with null.</summary>
    public void WakeWhenIdleFor(TimeSpan? time)
    {
        if (time is null && !_isWakePending)
        {
            return;
        }

        _isWakePending = time is not null;
        if (time is not { } whole)
        {
            _wakeTimer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        var left = whole - _time.GetElapsedTime(_flushedAt);
        var due = left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1);
        if (_wakeTimer is null)
        {
            _wakeTimer = _time.CreateTimer(static timeouts => ((StreamTimeouts)timeouts!)._wake(), this, due, WakePeriod);
        }
        else
        {
            _wakeTimer.Change(due, WakePeriod);
        }
    }

    /// <summary>Sends what was written. False when the client is gone.</summary>
    public ValueTask<bool> FlushAsync()
    {
        var now = _time.GetTimestamp();
        _flushedAt = now;
        Volatile.Write(ref _heartbeatAt, now);
        var flush = _http.Response.BodyWriter.FlushAsync(CancellationToken.None);
        return flush.IsCompletedSuccessfully ? ValueTask.FromResult(!flush.Result.IsCompleted) : WaitAsync(flush, now);
    }

    /// <summary>Sends a heartbeat if one is due. False when the client is gone.</summary>
    public ValueTask<bool> HeartbeatAsync()
    {
        if (!IsHeartbeatDue)
        {
            return ValueTask.FromResult(true);
        }

        _http.Response.BodyWriter.Write(ServerSentEvents.Heartbeat);
        return FlushAsync();
    }

    /// <summary>Aborts the connection, so that no client mistakes what it has for the complete response.</summary>
    public async Task AbortAsync()
    {
        await Task.Delay(AbortDelay, _time, _http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Abort();
    }

    private async ValueTask<bool> WaitAsync(ValueTask<FlushResult> flush, long now)
    {
        Volatile.Write(ref _flushingSince, now);
        var result = await flush;
        Volatile.Write(ref _flushingSince, 0);
        return !result.IsCompleted;
    }

    private void Tick()
    {
        var since = Volatile.Read(ref _flushingSince);
        if (since != 0 && _time.GetElapsedTime(since) >= _options.WriteDeadline)
        {
            _http.Abort();
        }
        else if (IsHeartbeatDue)
        {
            _wake();
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _timer.Dispose();
        _wakeTimer?.Dispose();
    }
}
