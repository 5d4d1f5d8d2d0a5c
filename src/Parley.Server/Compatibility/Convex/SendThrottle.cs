namespace Parley.Server.Compatibility.Convex;

/// <summary>
/// Limits how often a growing value is sent, which is sent whole each time: at most every 50 ms, and less often the longer it is, since the
/// bytes sent would otherwise grow with the square of its length.
/// </summary>
internal sealed class SendThrottle(TimeProvider time)
{
    private const int BytesPerSecond = 512 * 1024;
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(50);

    private TimeSpan _interval;
    private long _sentAt;

    /// <summary>Records that the value was sent, with this number of bytes.</summary>
    public void Sent(int bytes)
    {
        var interval = TimeSpan.FromSeconds((double)bytes / BytesPerSecond);
        (_interval, _sentAt) = (interval > MinInterval ? interval : MinInterval, time.GetTimestamp());
    }

    /// <summary>The remaining delay before the value may be sent; zero when it may be sent now.</summary>
    public TimeSpan Delay => RemainingOf(_interval);

    /// <summary>The remaining delay of the final value, after which no other is sent: only the minimum interval applies.</summary>
    public TimeSpan FinalDelay => RemainingOf(_interval > MinInterval ? MinInterval : _interval);

    private TimeSpan RemainingOf(TimeSpan interval)
    {
        if (interval == TimeSpan.Zero)
        {
            return interval;
        }

        var remaining = interval - time.GetElapsedTime(_sentAt);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }
}
