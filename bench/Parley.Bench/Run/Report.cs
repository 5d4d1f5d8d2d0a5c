using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>The results as Markdown and as JSON.</summary>
internal sealed class Report(
    IReadOnlyList<BenchmarkRow> rows,
    Measurements measurements,
    RunOptions options,
    double busyCores,
    string? postgresVersion
)
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private static readonly string[] TargetOrder = [Target.Direct, Target.Pipe, Target.AiSdk, Target.Parley, Target.ParleyPostgres];

    private static string Machine =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores ({Processor()}), {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture}"
        );

    public bool MeetsAllGoals => rows.All(row => row.Goals.All(goal => Measured(row, goal) is not { } value || value <= goal.Max));

    /// <summary>True if every response of Parley and the byte pipe was complete.</summary>
    public bool IsComplete =>
        measurements.All.All(measurement =>
            measurement.Metric != RowContext.CompleteMetric || measurement.Target == Target.AiSdk || measurement.Value >= 100
        );

    private IEnumerable<string> Databases =>
        options.Databases.Select(database =>
            database == DatabaseKind.Sqlite
                ? $"SQLite with Database:Durability={options.DurabilityOf(database)}"
                : $"PostgreSQL {postgresVersion} with fsync=on and synchronous_commit={PostgresServer.SynchronousCommit(options.DurabilityOf(database))}"
        );

    public string Markdown()
    {
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{Machine}. Worst of {options.Runs} run(s); a ratio is to the byte pipe, or to Parley on SQLite, in the same run. "
                + $"Load generator, provider and databases use the same cores; other processes used {busyCores} cores before the first run."
        );
        if (options.Includes(Target.Parley))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"Parley's databases: {string.Join("; ", Databases)}.");
        }

        text.AppendLine();
        AppendGoals(text);
        foreach (var row in rows.Where(row => measurements.Targets(row.Name).Count > 0))
        {
            AppendTable(text, row);
        }

        return text.ToString();
    }

    public async Task WriteJsonAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.JsonFile))!);
        await using var file = File.Create(options.JsonFile);
        await JsonSerializer.SerializeAsync(
            file,
            new
            {
                machine = Machine,
                busyCores,
                options = new
                {
                    options.Runs,
                    options.Tokens,
                    options.Rounds,
                    options.StartsPerSecond,
                    options.InStep,
                    options.TickMicroseconds,
                    options.FirstDelay,
                    options.Rows,
                    options.Targets,
                    databases = Databases,
                },
                goals = rows.SelectMany(row =>
                    row.Goals.Select(goal => new
                    {
                        row = row.Name,
                        goal.Target,
                        goal.Description,
                        value = Measured(row, goal),
                        goal.Max,
                        goal.Unit,
                    })
                ),
                measurements = measurements.All,
            },
            Indented,
            cancellationToken
        );
    }

    private void AppendGoals(StringBuilder text)
    {
        var measured = rows.SelectMany(row => row.Goals.Select(goal => (Goal: goal, Value: Measured(row, goal))))
            .Where(entry => entry.Value is not null)
            .ToList();
        if (measured.Count == 0)
        {
            return;
        }

        text.AppendLine("| Parley | measured | goal | met |").AppendLine("|---|---|---|---|");
        foreach (var (goal, value) in measured)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {goal.Description} | {Number(value)} {goal.Unit} | ≤ {Number(goal.Max)} | {(value <= goal.Max ? "yes" : "**no**")} |"
            );
        }

        text.AppendLine();
    }

    private void AppendTable(StringBuilder text, BenchmarkRow row)
    {
        var targets = measurements.Targets(row.Name);
        var columns = Columns(row, targets).ToList();
        text.AppendLine(CultureInfo.InvariantCulture, $"### {row.Title} (`{row.Name}`)").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"| | {string.Join(" | ", columns.Select(column => column.Title))} |")
            .AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(columns.Select(_ => "---:|"))}");
        foreach (var target in targets.OrderBy(target => Array.IndexOf(TargetOrder, target)))
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {target} | {string.Join(" | ", columns.Select(column => Number(column.Value(target))))} |"
            );
        }

        text.AppendLine();
    }

    /// <summary>A column for each metric that was measured, and for its ratios to the baselines that were measured as well.</summary>
    private IEnumerable<(string Title, Func<string, double?> Value)> Columns(BenchmarkRow row, IReadOnlyList<string> targets)
    {
        foreach (var metric in row.Metrics.Where(metric => targets.Any(target => measurements.Worst(row.Name, target, metric) is not null)))
        {
            yield return (metric.Title, target => measurements.Worst(row.Name, target, metric));
            if (!metric.HasRatio)
            {
                continue;
            }

            if (targets.Contains(Target.Pipe))
            {
                yield return ("÷ pipe", target => measurements.WorstRatio(row.Name, target, Target.Pipe, metric));
            }

            if (targets.Contains(Target.ParleyPostgres) && targets.Contains(Target.Parley))
            {
                yield return ("÷ SQLite", target =>
                    target == Target.ParleyPostgres ? measurements.WorstRatio(row.Name, target, Target.Parley, metric) : null
                );
            }
        }
    }

    private double? Measured(BenchmarkRow row, Goal goal)
    {
        var metric = row.Metrics.First(metric => metric.Name == goal.Metric);
        return goal.Baseline is { } baseline
            ? measurements.WorstRatio(row.Name, goal.Target, baseline, metric)
            : measurements.Worst(row.Name, goal.Target, metric);
    }

    private static string Number(double? value) =>
        value switch
        {
            null => "–",
            >= 1000 => value.Value.ToString("#,0", CultureInfo.InvariantCulture),
            >= 100 => value.Value.ToString("0", CultureInfo.InvariantCulture),
            >= 10 => value.Value.ToString("0.#", CultureInfo.InvariantCulture),
            _ => value.Value.ToString("0.##", CultureInfo.InvariantCulture),
        };

    private static string Processor() =>
        File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
                ?.Split(':', 2)[1]
                .Trim()
                ?? "unknown"
            : "unknown";
}
