using System.Globalization;

namespace Parley.Bench;

/// <summary>What /proc tells of processes and their descendants.</summary>
internal static class Processes
{
    private const double TicksPerSecond = 100;

    /// <summary>CPU seconds, user and system, of whole trees, those included that have ended and were waited for.</summary>
    public static double Cpu(IReadOnlyCollection<int> roots)
    {
        if (roots.Count == 0)
        {
            return 0;
        }

        var all = Directory
            .EnumerateDirectories("/proc")
            .Select(path => Path.GetFileName(path))
            .Where(name => char.IsAsciiDigit(name[0]))
            .Select(name => (Pid: int.Parse(name, CultureInfo.InvariantCulture), Stat: Stat(name)))
            .Where(process => process.Stat.Length > 0)
            .ToList();
        var wanted = roots.ToHashSet();
        // a child may be listed before its parent
        for (var found = 0; found < wanted.Count; )
        {
            found = wanted.Count;
            wanted.UnionWith(all.Where(process => wanted.Contains((int)process.Stat[1])).Select(process => process.Pid));
        }
        return all.Where(process => wanted.Contains(process.Pid))
                .Sum(process => process.Stat[11] + process.Stat[12] + process.Stat[13] + process.Stat[14]) / TicksPerSecond;
    }

    public static double OwnCpu() => Environment.CpuUsage.TotalTime.TotalSeconds;

    /// <summary>Resident megabytes of the processes named.</summary>
    public static double RssMb(IEnumerable<int> pids) => pids.Sum(Rss) / 1048576.0;

    private static long Rss(int pid)
    {
        try
        {
            return long.Parse(File.ReadAllText($"/proc/{pid}/statm").Split(' ')[1], CultureInfo.InvariantCulture)
                * Environment.SystemPageSize;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    // the fields after the name, which may hold anything: state (as 0), parent, …; utime is the 12th
    private static long[] Stat(string pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return
            [
                0,
                .. text[(text.LastIndexOf(')') + 4)..].Split(' ').Take(14).Select(field => long.Parse(field, CultureInfo.InvariantCulture)),
            ];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
