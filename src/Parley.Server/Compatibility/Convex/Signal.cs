using System.Threading.Channels;

namespace Parley.Server.Compatibility.Convex;

/// <summary>Wakes one task: when it is called, or when its time is over. Any number of calls while the task is busy count once.</summary>
internal sealed class Signal : IDisposable
{
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(1),
        MaxWait = TimeSpan.FromDays(1);

    private readonly Channel<bool> _set = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }
    );
    private readonly ITimer _timer;

    public Signal(TimeProvider time) =>
        _timer = time.CreateTimer(static signal => ((Signal)signal!).Set(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Set() => _set.Writer.TryWrite(true);

    /// <summary>Waits for a call, and for <paramref name="maxWait"/>. It may return early; whoever waits looks at the time.</summary>
    public async ValueTask WaitAsync(TimeSpan maxWait, CancellationToken cancellationToken)
    {
        _timer.Change(
            maxWait < MinWait ? MinWait
                : maxWait > MaxWait ? MaxWait
                : maxWait,
            Timeout.InfiniteTimeSpan
        );
        await _set.Reader.ReadAsync(cancellationToken);
    }

    public void Dispose() => _timer.Dispose();
}
