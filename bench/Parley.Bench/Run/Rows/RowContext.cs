namespace Parley.Bench;

/// <summary>What a row needs to measure in one run. The order of the targets changes from run to run.</summary>
internal sealed record RowContext(
    int Run,
    IReadOnlyList<Target> Targets,
    TargetServers Servers,
    LoadGenerator Generator,
    Measurements Measurements,
    RunOptions Options,
    CancellationToken CancellationToken
)
{
    public const string CompleteMetric = "complete";

    /// <summary>The column that <see cref="AddComplete"/> fills.</summary>
    public static readonly Metric Complete = new(CompleteMetric, "complete responses, %", HigherIsBetter: true);

    public void Add(BenchmarkRow row, string target, string metric, double value) => Measurements.Add(row.Name, target, Run, metric, value);

    /// <summary>Adds the percentage of complete responses.</summary>
    public void AddComplete(BenchmarkRow row, string target, LoadResult result) =>
        Add(row, target, CompleteMetric, Math.Round(100.0 * result.Complete / result.Requests, 2));
}
