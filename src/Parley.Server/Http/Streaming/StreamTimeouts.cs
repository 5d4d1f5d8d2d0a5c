namespace Parley.Server.Http.Streaming;

/// <summary>
/// Watches one event stream with one timer: nudges its task when a heartbeat is due or the server leaves, and cuts a reader that does not read. Nothing is armed per event.
/// </summary>
internal sealed class StreamTimeouts : IDisposable
{
    private static readonly TimeSpan HeldAgain = TimeSpan.FromMilliseconds(20);
    private readonly HttpContext _http;
    private readonly StreamOptions _options;
    private readonly TimeProvider _time;
    private readonly Action _nudge;
    private readonly ITimer _timer;
    private readonly CancellationTokenRegistration _leaving;
    private ITimer? _held;
    private bool _holds;
    private long _written;
    private long _beat;
    private long _writing;

    public StreamTimeouts(HttpContext http, StreamOptions options, TimeProvider time, Action nudge, CancellationToken leaving)
    {
        (_http, _options, _time, _nudge) = (http, options, time, nudge);
        _written = _beat = time.GetTimestamp();
        var period = TimeSpan.FromTicks(Math.Min(options.Heartbeat.Ticks, options.WriteDeadline.Ticks) / 3);
        _timer = time.CreateTimer(static guard => ((StreamTimeouts)guard!).Tick(), this, period, period);
        _leaving = leaving.UnsafeRegister(static guard => ((StreamTimeouts)guard!)._nudge(), this);
    }

    /// <summary>A heartbeat is due.</summary>
    public bool IsSilent => _time.GetElapsedTime(Volatile.Read(ref _beat)) >= _options.Heartbeat - _options.Heartbeat / 6;

    /// <summary>A heartbeat was due, whether or not the format had one to send.</summary>
    public void WasSilent() => Volatile.Write(ref _beat, _time.GetTimestamp());

    /// <summary>Whether so much time has passed since something was sent.</summary>
    public bool IsOver(TimeSpan wait) => _time.GetElapsedTime(_written) >= wait;

    /// <summary>Nudges, from when so much time has passed since something was sent, until told otherwise. Again and again, since a nudge that finds nobody waiting is lost.</summary>
    public void Hold(TimeSpan? wait)
    {
        if (wait is null && !_holds)
        {
            return;
        }

        _holds = wait is not null;
        if (wait is not { } whole)
        {
            _held!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        var left = whole - _time.GetElapsedTime(_written);
        var first = left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1);
        if (_held is null)
        {
            _held = _time.CreateTimer(static guard => ((StreamTimeouts)guard!)._nudge(), this, first, HeldAgain);
        }
        else
        {
            _held.Change(first, HeldAgain);
        }
    }

    /// <summary>Sends what was written. False when the reader is gone.</summary>
    public ValueTask<bool> FlushAsync()
    {
        var now = _time.GetTimestamp();
        _written = now;
        Volatile.Write(ref _beat, now);
        var flush = _http.Response.BodyWriter.FlushAsync(CancellationToken.None);
        return flush.IsCompletedSuccessfully ? ValueTask.FromResult(!flush.Result.IsCompleted) : SlowAsync(flush, now);
    }

    private async ValueTask<bool> SlowAsync(ValueTask<System.IO.Pipelines.FlushResult> flush, long now)
    {
        Volatile.Write(ref _writing, now);
        var result = await flush;
        Volatile.Write(ref _writing, 0);
        return !result.IsCompleted;
    }

    /// <summary>
    /// Cuts the connection so that no client takes what it got for a whole answer. What was sent before gets a moment to arrive: a reset overtakes data.
    /// </summary>
    public async Task AbortAsync()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(150), _time, _http.RequestAborted)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Abort();
    }

    private void Tick()
    {
        var writing = Volatile.Read(ref _writing);
        if (writing != 0 && _time.GetElapsedTime(writing) >= _options.WriteDeadline)
        {
            _http.Abort();
        }
        else if (IsSilent)
        {
            _nudge();
        }
    }

    public void Dispose()
    {
        _leaving.Dispose();
        _timer.Dispose();
        _held?.Dispose();
    }
}
