namespace Parley.Bench;

/// <summary>A column of a row's table.</summary>
/// <param name="HasRatio">The ratios to the byte pipe and, for PostgreSQL, to SQLite are columns as well.</param>
internal sealed record Metric(string Name, string Title, bool HigherIsBetter = false, bool HasRatio = false);

/// <summary>The maximum of a metric of Parley; with a baseline, of the ratio to that target in the same run.</summary>
internal sealed record Goal(
    string Metric,
    string Description,
    double Max,
    string Unit,
    string Target = Bench.Target.Parley,
    string? Baseline = null
);

/// <summary>A benchmark: the load on the targets, the metrics that are reported and Parley's goals.</summary>
internal abstract class BenchmarkRow(string name, string title)
{
    protected const string RatioToPipe = "× the byte pipe";
    protected const string RatioToSqlite = "× SQLite";

    public string Name => name;

    public string Title => title;

    public abstract IReadOnlyList<Metric> Metrics { get; }

    public abstract IReadOnlyList<Goal> Goals { get; }

    /// <summary>The models that it requests from the mock provider.</summary>
    public virtual IEnumerable<string> Models => [];

    public abstract Task MeasureAsync(RowContext context);
}
