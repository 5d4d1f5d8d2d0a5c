namespace Parley.Streaming.Generations;

/// <summary>
/// The logs of generations that have ended, which readers may not have finished. Each is forgotten after the same time, so one queue and one
/// timer are enough, and nothing else of a generation is kept.
/// </summary>
internal sealed class EndedLogs : IDisposable
{
    /// <summary>Under load many are forgotten at a time.</summary>
    private static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Queue<(GenerationLog Log, long Since)> _logs = new();
    private readonly TimeSpan _linger;
    private readonly TimeProvider _time;
    private readonly Action<GenerationLog> _forget;
    private readonly ITimer _timer;

    public EndedLogs(TimeSpan linger, TimeProvider time, Action<GenerationLog> forget)
    {
        (_linger, _time, _forget) = (linger, time, forget);
        _timer = time.CreateTimer(static logs => ((EndedLogs)logs!).Forget(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Forgets a log after the time for which it stays.</summary>
    public void Add(GenerationLog log)
    {
        lock (_gate)
        {
            _logs.Enqueue((log, _time.GetTimestamp()));
            if (_logs.Count == 1)
            {
                _timer.Change(_linger, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Forget()
    {
        lock (_gate)
        {
            while (_logs.TryPeek(out var oldest))
            {
                var left = _linger - _time.GetElapsedTime(oldest.Since);
                if (left > TimeSpan.Zero)
                {
                    _timer.Change(left > MinPause ? left : MinPause, Timeout.InfiniteTimeSpan);
                    return;
                }

                _forget(_logs.Dequeue().Log);
            }
        }
    }
}
