using System.Globalization;

namespace Parley.Bench;

/// <summary>How much of the machine others take: a busy one makes larger batches, which flatters whoever profits of them.</summary>
internal static class Quiet
{
    /// <summary>More than this of one core, and the numbers are doubtful.</summary>
    public const double Tolerable = 0.1;

    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(2);

    /// <summary>Cores that are busy while everything of ours only waits.</summary>
    public static async Task<double> BusyCoresAsync(CancellationToken cancel)
    {
        var before = Read();
        await Task.Delay(Watch, cancel);
        var after = Read();
        return Math.Round(Environment.ProcessorCount * (after.Busy - before.Busy) / (double)Math.Max(1, after.All - before.All), 2);
    }

    // cpu user nice system idle iowait irq softirq steal
    private static (long Busy, long All) Read()
    {
        var ticks = File.ReadLines("/proc/stat")
            .First()
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Skip(1)
            .Take(8)
            .Select(field => long.Parse(field, CultureInfo.InvariantCulture))
            .ToArray();
        return (ticks.Sum() - ticks[3] - ticks[4], ticks.Sum());
    }
}
