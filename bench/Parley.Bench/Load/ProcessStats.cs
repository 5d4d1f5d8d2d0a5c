using System.Globalization;

namespace Parley.Bench;

/// <summary>CPU and memory of processes, from /proc.</summary>
internal static class ProcessStats
{
    private const double TicksPerSecond = 100;

    /// <summary>User and system CPU seconds of whole process trees, including descendants that have exited and were waited for.</summary>
    public static double CpuSeconds(IReadOnlyCollection<int> roots)
    {
        if (roots.Count == 0)
        {
            return 0;
        }

        var processes = Directory
            .EnumerateDirectories("/proc")
            .Select(path => Path.GetFileName(path))
            .Where(name => char.IsAsciiDigit(name[0]))
            .Select(name => (Pid: int.Parse(name, CultureInfo.InvariantCulture), Fields: StatFields(name)))
            .Where(process => process.Fields.Length > 0)
            .ToList();
        var tree = roots.ToHashSet();

        // a child may be listed before its parent: repeat until no more are found
        for (var count = 0; count < tree.Count; )
        {
            count = tree.Count;
            tree.UnionWith(processes.Where(process => tree.Contains((int)process.Fields[1])).Select(process => process.Pid));
        }

        return processes
                .Where(process => tree.Contains(process.Pid))
                .Sum(process => process.Fields[11] + process.Fields[12] + process.Fields[13] + process.Fields[14]) / TicksPerSecond;
    }

    /// <summary>User and system CPU seconds of this process.</summary>
    public static double OwnCpuSeconds() => Environment.CpuUsage.TotalTime.TotalSeconds;

    /// <summary>Resident size of the given processes, without descendants.</summary>
    public static double RssMb(IEnumerable<int> pids) => pids.Sum(RssBytes) / 1048576.0;

    /// <summary>Number of files and sockets that this process may open.</summary>
    public static long MaxOpenFiles()
    {
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        var limit = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        return long.TryParse(limit, CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue;
    }

    private static long RssBytes(int pid)
    {
        try
        {
            return long.Parse(File.ReadAllText($"/proc/{pid}/statm").Split(' ')[1], CultureInfo.InvariantCulture)
                * Environment.SystemPageSize;
        }
        catch (IOException)
        {
            return 0; // the process has exited
        }
    }

    // The fields after the name, which may contain spaces: state (as 0), parent, …. Fields 11 to 14 are utime, stime, cutime and cstime.
    private static long[] StatFields(string pid)
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
            return []; // the process has exited
        }
    }
}
