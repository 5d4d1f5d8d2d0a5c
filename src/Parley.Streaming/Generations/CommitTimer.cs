using System.Threading.Tasks.Sources;

namespace Parley.Streaming.Generations;

/// <summary>
/// Waits a few milliseconds on a thread of its own and continues there. The pool's threads may be busy with many new requests; answers that
/// already run must not wait behind them.
/// </summary>
internal sealed class CommitTimer : IValueTaskSource, IDisposable
{
    private readonly object _gate = new();
    private readonly TimeProvider _time;
    private readonly Thread? _thread;
    private ManualResetValueTaskSourceCore<bool> _wait;
    private TimeSpan _pause;
    private bool _requested,
        _closed;

    public CommitTimer(TimeProvider time)
    {
        _time = time;
        if (time != TimeProvider.System)
        {
            return;
        }

        _thread = new Thread(Loop) { IsBackground = true, Name = "Commit timer" };
        _thread.Start();
    }

    /// <summary>Completes after <paramref name="pause"/>. For one caller at a time.</summary>
    public ValueTask WaitAsync(TimeSpan pause)
    {
        if (_thread is null)
        {
            return new ValueTask(Task.Delay(pause, _time, CancellationToken.None));
        }

        _wait.Reset();
        lock (_gate)
        {
            _pause = pause;
            _requested = true;
            Monitor.Pulse(_gate);
        }

        return new ValueTask(this, _wait.Version);
    }

    private void Loop()
    {
        while (true)
        {
            TimeSpan pause;
            lock (_gate)
            {
                while (!_requested && !_closed)
                {
                    Monitor.Wait(_gate);
                }

                if (!_requested)
                {
                    return;
                }

                (pause, _requested) = (_pause, false);
            }

            Thread.Sleep(pause);
            _wait.SetResult(true);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }
    }

    void IValueTaskSource.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);
}
