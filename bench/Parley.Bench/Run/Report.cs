using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>What was measured, as markdown for people and JSON for programs.</summary>
internal sealed class Report(IReadOnlyList<Row> rows, Measurements measurements, RunOptions options, double busyCores)
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static string Machine =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores ({Processor()}), {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture}"
        );

    public bool MeetsAll => rows.All(row => row.Goals.All(goal => Reached(row, goal) is not { } value || value <= goal.Limit));

    /// <summary>Whether every answer of Parley's and the pipe's was whole.</summary>
    public bool IsWhole => measurements.All.All(one => one.Metric != "whole" || one.Peer == Peer.AiSdk || one.Value >= 100);

    public string Markdown()
    {
        var text = new StringBuilder();
        text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{Machine}. Worst of {options.Runs} run(s); a ratio is to the byte pipe in the same run. Load generator, provider and databases on the same cores; others kept {busyCores} cores busy before it began."
            )
            .AppendLine();
        Goals(text);
        foreach (var row in rows.Where(row => measurements.Peers(row.Name).Count > 0))
        {
            Table(text, row);
        }

        return text.ToString();
    }

    public async Task WriteJsonAsync(CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Json))!);
        await using var file = File.Create(options.Json);
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
                    options.InStep,
                    options.TickMicroseconds,
                    options.FirstDelay,
                    options.Rows,
                    options.Peers,
                },
                goals = rows.SelectMany(row =>
                    row.Goals.Select(goal => new
                    {
                        row = row.Name,
                        goal.What,
                        value = Reached(row, goal),
                        goal.Limit,
                        goal.Unit,
                    })
                ),
                measurements = measurements.All,
            },
            Indented,
            cancel
        );
    }

    private void Goals(StringBuilder text)
    {
        var reached = rows.SelectMany(row => row.Goals.Select(goal => (goal, value: Reached(row, goal))))
            .Where(one => one.value is not null)
            .ToList();
        if (reached.Count == 0)
        {
            return;
        }

        text.AppendLine("| Parley | measured | to reach | |").AppendLine("|---|---|---|---|");
        foreach (var (goal, value) in reached)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {goal.What} | {Number(value)} {goal.Unit} | ≤ {Number(goal.Limit)} | {(value <= goal.Limit ? "yes" : "**no**")} |"
            );
        }

        text.AppendLine();
    }

    private void Table(StringBuilder text, Row row)
    {
        var peers = measurements.Peers(row.Name);
        var metrics = row.Metrics.Where(metric => peers.Any(peer => measurements.Worst(row.Name, peer, metric) is not null)).ToList();
        string[] titles = [.. metrics.SelectMany(metric => metric.HasRatio ? [metric.Title, "÷ pipe"] : new[] { metric.Title })];
        text.AppendLine(CultureInfo.InvariantCulture, $"### {row.Title} (`{row.Name}`)").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"| | {string.Join(" | ", titles)} |")
            .AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(titles.Select(_ => "---:|"))}");
        foreach (var peer in peers.OrderBy(peer => Array.IndexOf([Peer.Direct, Peer.Pipe, Peer.AiSdk, Peer.Parley], peer)))
        {
            var cells = metrics.SelectMany(metric => Cells(row, peer, metric));
            text.AppendLine(CultureInfo.InvariantCulture, $"| {peer} | {string.Join(" | ", cells)} |");
        }
        text.AppendLine();
    }

    private IEnumerable<string> Cells(Row row, string peer, Metric metric)
    {
        yield return Number(measurements.Worst(row.Name, peer, metric));
        if (metric.HasRatio)
        {
            yield return Number(measurements.WorstRatio(row.Name, peer, Peer.Pipe, metric));
        }
    }

    private double? Reached(Row row, Goal goal)
    {
        var metric = row.Metrics.First(metric => metric.Name == goal.Metric);
        return goal.IsRatio
            ? measurements.WorstRatio(row.Name, Peer.Parley, Peer.Pipe, metric)
            : measurements.Worst(row.Name, Peer.Parley, metric);
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
