namespace Parley.Server.Http;

/// <summary>
/// Watches one event stream with one timer: nudges its task when a heartbeat is due or the server leaves, and cuts a reader that does not read. Nothing is armed per event.
/// </summary>
internal sealed class StreamGuard : IDisposable
{
    private readonly HttpContext _http;
    private readonly StreamOptions _options;
    private readonly TimeProvider _time;
    private readonly Action _nudge;
    private readonly ITimer _timer;
    private readonly CancellationTokenRegistration _leaving;
    private long _written;
    private long _writing;

    public StreamGuard(HttpContext http, StreamOptions options, TimeProvider time, Action nudge, CancellationToken leaving)
    {
        (_http, _options, _time, _nudge) = (http, options, time, nudge);
        _written = time.GetTimestamp();
        var period = TimeSpan.FromTicks(Math.Min(options.Heartbeat.Ticks, options.WriteDeadline.Ticks) / 3);
        _timer = time.CreateTimer(static guard => ((StreamGuard)guard!).Tick(), this, period, period);
        _leaving = leaving.UnsafeRegister(static guard => ((StreamGuard)guard!)._nudge(), this);
    }

    /// <summary>A heartbeat is due.</summary>
    public bool IsSilent => _time.GetElapsedTime(Volatile.Read(ref _written)) >= _options.Heartbeat - _options.Heartbeat / 6;

    /// <summary>Sends what was written. False when the reader is gone.</summary>
    public ValueTask<bool> FlushAsync()
    {
        var now = _time.GetTimestamp();
        Volatile.Write(ref _written, now);
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
        await Task.Delay(TimeSpan.FromMilliseconds(150), _time, _http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Abort();
    }

    private void Tick()
    {
        var writing = Volatile.Read(ref _writing);
        if (writing != 0 && _time.GetElapsedTime(writing) >= _options.WriteDeadline) _http.Abort();
        else if (IsSilent) _nudge();
    }

    public void Dispose()
    {
        _leaving.Dispose();
        _timer.Dispose();
    }
}
