namespace Parley.Streaming.Providers.Demo;

/// <summary>Delays on a schedule with one start, so that the time between them does not add up.</summary>
internal sealed class ScheduledDelay(TimeProvider time)
{
    private static readonly TimeSpan MinDelay = TimeSpan.FromMilliseconds(1);
    private readonly long _started = time.GetTimestamp();
    private TimeSpan _due;

    /// <summary>Waits until <paramref name="step"/> after the time at which the previous wait was due.</summary>
    public ValueTask WaitAsync(TimeSpan step, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _due += step;
        var left = _due - time.GetElapsedTime(_started);
        return left < MinDelay ? ValueTask.CompletedTask : new ValueTask(Task.Delay(left, time, cancellationToken));
    }
}
