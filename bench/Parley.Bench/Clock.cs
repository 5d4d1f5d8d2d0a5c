using System.Diagnostics;
using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

namespace Parley.Bench;

/// <summary>CLOCK_MONOTONIC in nanoseconds: the same in every process of a machine, so a stamp of one can be read in another.</summary>
internal static class Clock
{
    public const long Microsecond = 1_000;
    public const long Millisecond = 1_000_000;
    public const long Second = 1_000_000_000;

    public static long Now => Stopwatch.GetTimestamp();

    public static double Milliseconds(long nanoseconds) => nanoseconds / (double)Millisecond;

    /// <summary>On Linux the ticks of <see cref="Stopwatch"/> are nanoseconds; elsewhere nothing here runs anyway.</summary>
    public static void Require()
    {
        if (!OperatingSystem.IsLinux() || Stopwatch.Frequency != Second)
        {
            throw new PlatformNotSupportedException("The bench needs Linux: it uses epoll, timerfd and /proc.");
        }
    }
}
