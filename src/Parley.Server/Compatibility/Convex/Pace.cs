namespace Parley.Server.Compatibility.Convex;

/// <summary>
/// When a value may be sent again that is sent whole each time: at least 50 ms after the time before, and later the longer it is, as the bytes of a growing text would otherwise grow with its square.
/// </summary>
internal sealed class Pace(TimeProvider time)
{
    private const int BytesPerSecond = 512 * 1024;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    private TimeSpan _pause;
    private long _sentAt;

    /// <summary>It was sent, in so many bytes.</summary>
    public void Sent(int bytes)
    {
        var pause = TimeSpan.FromSeconds((double)bytes / BytesPerSecond);
        (_pause, _sentAt) = (pause > ShortestPause ? pause : ShortestPause, time.GetTimestamp());
    }

    /// <summary>How long it has to wait; zero when it may be sent.</summary>
    public TimeSpan Left => LeftOf(_pause);

    /// <summary>The same for the last value, which need not make room for another one.</summary>
    public TimeSpan LeftOfLast => LeftOf(_pause > ShortestPause ? ShortestPause : _pause);

    private TimeSpan LeftOf(TimeSpan pause)
    {
        if (pause == TimeSpan.Zero)
        {
            return pause;
        }

        var left = pause - time.GetElapsedTime(_sentAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
