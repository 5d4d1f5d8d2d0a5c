using System.Globalization;

namespace Parley.Bench;

/// <summary>
/// CPU that other processes use. On a busy machine batches are larger, which lowers the CPU per token of a target that batches, so results
/// must not be compared.
/// </summary>
internal static class MachineLoad
{
    /// <summary>Number of cores used by others above which the results are not reliable.</summary>
    public const double MaxBusyCores = 0.1;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Measures the number of busy cores while all targets are idle.</summary>
    public static async Task<double> BusyCoresAsync(CancellationToken cancellationToken)
    {
        var before = ReadTicks();
        await Task.Delay(Interval, cancellationToken);
        var after = ReadTicks();
        return Math.Round(Environment.ProcessorCount * (after.Busy - before.Busy) / (double)Math.Max(1, after.All - before.All), 2);
    }

    // fields: cpu user nice system idle iowait irq softirq steal
    private static (long Busy, long All) ReadTicks()
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
