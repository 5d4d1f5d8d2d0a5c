namespace Parley.Bench;

/// <summary>
/// Starts all targets, measures the selected rows the given number of times, and prints a report with the worst of the runs.
/// </summary>
internal static class RunCommand
{
    public static async Task<int> RunAsync(CommandLine line)
    {
        var options = RunOptions.From(line);
        line.RejectUnknown();
        Clock.RequireLinux();
        if (options.Includes(Target.Parley) && options.ServerFolder is null)
        {
            throw new ArgumentException("--server FOLDER is required: the folder that Parley was published to.");
        }

        using var stop = new StopSignal();
        try
        {
            return await MeasureAsync(options, stop.Token);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            Log("Stopped.");
            return 130;
        }
    }

    private static async Task<int> MeasureAsync(RunOptions options, CancellationToken cancellationToken)
    {
        var rows = BenchmarkRows.Create(options);
        var measurements = new Measurements();
        double busyCores;
        string? postgresVersion;
        await using (var workspace = new Workspace(options.DataFolder))
        {
            var generator = new LoadGenerator(Log, cancellationToken);
            var servers = new TargetServers(workspace, options, Log, cancellationToken);
            var targets = await servers.StartAllAsync([.. rows.SelectMany(row => row.Models), .. WarmUp.Models]);
            postgresVersion = servers.PostgresVersion;
            Log("Warming up");
            foreach (var target in targets)
            {
                await WarmUp.RunAsync(target, generator);
            }

            busyCores = await MachineLoad.BusyCoresAsync(cancellationToken);
            for (var run = 1; run <= options.Runs; run++)
            {
                foreach (var row in rows)
                {
                    Log($"Run {run}: {row.Title}");
                    await row.MeasureAsync(
                        new RowContext(run, Rotated(targets, run), servers, generator, measurements, options, cancellationToken)
                    );
                }
            }
        }

        var report = new Report(rows, measurements, options, busyCores, postgresVersion);
        Console.WriteLine(report.Markdown());
        await report.WriteJsonAsync(cancellationToken);
        Log($"All values: {options.JsonFile}");
        if (busyCores > MachineLoad.MaxBusyCores)
        {
            Log("Other processes used the machine: measure again when it is idle.");
        }

        if (!report.IsComplete)
        {
            Log("Some responses were incomplete: the results are invalid.");
        }

        return !report.IsComplete ? 2
            : options.Check && !report.MeetsAllGoals ? 1
            : 0;
    }

    // in each run another target is measured first, since a target can influence the one after it
    private static List<Target> Rotated(List<Target> targets, int run) =>
        [.. Enumerable.Range(0, targets.Count).Select(i => targets[(i + run - 1) % targets.Count])];

    private static void Log(string text) => Console.Error.WriteLine(text);
}
