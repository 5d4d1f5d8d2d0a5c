namespace Parley.Streaming.Providers.Demo;

/// <summary>Waits by a schedule from one start, so that the time which sending takes does not add up.</summary>
internal sealed class Pacer(TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private readonly long _started = time.GetTimestamp();
    private TimeSpan _due;

    public ValueTask WaitAsync(TimeSpan step, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _due += step;
        var left = _due - time.GetElapsedTime(_started);
        return left < Shortest ? ValueTask.CompletedTask : new ValueTask(Task.Delay(left, time, cancellationToken));
    }
}
