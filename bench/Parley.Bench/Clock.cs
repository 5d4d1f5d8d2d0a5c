using System.Diagnostics;
using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

namespace Parley.Bench;

/// <summary>
/// CLOCK_MONOTONIC in nanoseconds. It is the same for all processes of a machine, so timestamps can be compared between processes.
/// </summary>
internal static class Clock
{
    public const long Microsecond = 1_000;
    public const long Millisecond = 1_000_000;
    public const long Second = 1_000_000_000;

    public static long Now => Stopwatch.GetTimestamp();

    public static double ToMilliseconds(long nanoseconds) => nanoseconds / (double)Millisecond;

    public static double ToSeconds(long nanoseconds) => nanoseconds / (double)Second;

    /// <summary>Throws on other systems than Linux, where a tick of <see cref="Stopwatch"/> is one nanosecond.</summary>
    public static void RequireLinux()
    {
        if (!OperatingSystem.IsLinux() || Stopwatch.Frequency != Second)
        {
            throw new PlatformNotSupportedException("The bench requires Linux: it uses epoll, timerfd and /proc.");
        }
    }
}
