namespace Parley.Bench;

/// <summary>One number: what was measured of whom in which run.</summary>
internal sealed record Measurement(string Row, string Peer, int Run, string Metric, double Value);

/// <summary>All numbers of a bench, and what they come to: the worst of the runs, and ratios within one run.</summary>
internal sealed class Measurements
{
    private readonly List<Measurement> _all = [];

    public IReadOnlyList<Measurement> All => _all;

    public void Add(string row, string peer, int run, string metric, double value) =>
        _all.Add(new Measurement(row, peer, run, metric, value));

    public IReadOnlyList<string> Peers(string row) => [.. _all.Where(one => one.Row == row).Select(one => one.Peer).Distinct()];

    public double? Worst(string row, string peer, Metric metric) => Worst([.. Values(row, peer, metric.Name).Values], metric.MoreIsBetter);

    /// <summary>Each run against the other peer in the same run; the worst of these.</summary>
    public double? WorstRatio(string row, string peer, string to, Metric metric)
    {
        var other = Values(row, to, metric.Name);
        return Worst(
            [
                .. Values(row, peer, metric.Name)
                    .Where(one => other.GetValueOrDefault(one.Key) > 0)
                    .Select(one => one.Value / other[one.Key]),
            ],
            metric.MoreIsBetter
        );
    }

    private static double? Worst(double[] values, bool moreIsBetter) =>
        values.Length == 0 ? null
        : moreIsBetter ? values.Min()
        : values.Max();

    private Dictionary<int, double> Values(string row, string peer, string metric) =>
        _all.Where(one => one.Row == row && one.Peer == peer && one.Metric == metric).ToDictionary(one => one.Run, one => one.Value);
}
