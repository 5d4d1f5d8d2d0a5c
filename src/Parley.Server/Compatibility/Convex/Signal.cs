using System.Threading.Channels;

namespace Parley.Server.Compatibility.Convex;

/// <summary>Wakes one task: when it is called, or when its time is over. Any number of calls while the task is busy count once.</summary>
internal sealed class Signal : IDisposable
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1),
        Longest = TimeSpan.FromDays(1);

    private readonly Channel<bool> _set = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }
    );
    private readonly ITimer _timer;

    public Signal(TimeProvider time) =>
        _timer = time.CreateTimer(static signal => ((Signal)signal!).Set(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Set() => _set.Writer.TryWrite(true);

    /// <summary>Waits for a call, and for <paramref name="atMost"/>. It may return early; whoever waits looks at the time.</summary>
    public async ValueTask WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        _timer.Change(
            atMost < Shortest ? Shortest
                : atMost > Longest ? Longest
                : atMost,
            Timeout.InfiniteTimeSpan
        );
        await _set.Reader.ReadAsync(cancellationToken);
    }

    public void Dispose() => _timer.Dispose();
}
