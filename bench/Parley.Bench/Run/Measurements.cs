namespace Parley.Bench;

/// <summary>One measured value of a target in one run.</summary>
internal sealed record Measurement(string Row, string Target, int Run, string Metric, double Value);

/// <summary>All measured values; computes the worst of the runs, and ratios within a run.</summary>
internal sealed class Measurements
{
    private readonly List<Measurement> _all = [];

    public IReadOnlyList<Measurement> All => _all;

    public void Add(string row, string target, int run, string metric, double value) =>
        _all.Add(new Measurement(row, target, run, metric, value));

    public IReadOnlyList<string> Targets(string row) =>
        [.. _all.Where(measurement => measurement.Row == row).Select(measurement => measurement.Target).Distinct()];

    public double? Worst(string row, string target, Metric metric) =>
        Worst([.. Values(row, target, metric.Name).Values], metric.HigherIsBetter);

    /// <summary>The worst of the ratios of the runs, each between two targets in the same run.</summary>
    public double? WorstRatio(string row, string target, string baseline, Metric metric)
    {
        var baselines = Values(row, baseline, metric.Name);
        return Worst(
            [
                .. Values(row, target, metric.Name)
                    .Where(value => baselines.GetValueOrDefault(value.Key) > 0)
                    .Select(value => value.Value / baselines[value.Key]),
            ],
            metric.HigherIsBetter
        );
    }

    private static double? Worst(double[] values, bool higherIsBetter) =>
        values.Length == 0 ? null
        : higherIsBetter ? values.Min()
        : values.Max();

    private Dictionary<int, double> Values(string row, string target, string metric) =>
        _all.Where(measurement => measurement.Row == row && measurement.Target == target && measurement.Metric == metric)
            .ToDictionary(measurement => measurement.Run, measurement => measurement.Value);
}
