using System.Threading.Channels;

namespace Parley.Server.Compatibility.Convex;

/// <summary>Wakes one waiting task, on a call or a timeout. Calls while the task is busy are merged into one.</summary>
internal sealed class Waker : IDisposable
{
    private static readonly TimeSpan MinWait = TimeSpan.FromMilliseconds(1),
        MaxWait = TimeSpan.FromDays(1);

    private readonly Channel<bool> _calls = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }
    );
    private readonly ITimer _timer;

    public Waker(TimeProvider time) =>
        _timer = time.CreateTimer(static waker => ((Waker)waker!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Wake() => _calls.Writer.TryWrite(true);

    /// <summary>Waits for a call, or for <paramref name="maxWait"/>. It may return early, so the caller must check the time.</summary>
    public async ValueTask WaitAsync(TimeSpan maxWait, CancellationToken cancellationToken)
    {
        _timer.Change(
            maxWait < MinWait ? MinWait
                : maxWait > MaxWait ? MaxWait
                : maxWait,
            Timeout.InfiniteTimeSpan
        );
        await _calls.Reader.ReadAsync(cancellationToken);
    }

    public void Dispose() => _timer.Dispose();
}
