namespace Parley.Bench;

/// <summary>A column of a row's table.</summary>
internal sealed record Metric(string Name, string Title, bool MoreIsBetter = false, bool HasRatio = false);

/// <summary>A number to reach: at most so much, or at most so many times the byte pipe.</summary>
internal sealed record Goal(string Metric, string What, double Limit, string Unit, bool IsRatio = false);

/// <summary>A row of the table: what is done to the peers, what is told of it and what Parley is to reach.</summary>
internal abstract class Row(string name, string title)
{
    public string Name => name;

    public string Title => title;

    public abstract IReadOnlyList<Metric> Metrics { get; }

    public abstract IReadOnlyList<Goal> Goals { get; }

    /// <summary>The mock models that it asks for.</summary>
    public virtual IEnumerable<string> Models => [];

    public abstract Task MeasureAsync(RowContext context);
}

/// <summary>Where a row measures: one run, its peers in the order of that run, and where the numbers go.</summary>
internal sealed record RowContext(
    int Run,
    IReadOnlyList<Peer> Peers,
    Loader Loader,
    Measurements Measurements,
    RunOptions Options,
    CancellationToken Cancel
)
{
    public void Add(Row row, string peer, string metric, double value) => Measurements.Add(row.Name, peer, Run, metric, value);

    /// <summary>What every load tells: how many answers were whole, and the CPU of the generator itself.</summary>
    public void AddHealth(Row row, Peer peer, LoadResult result) =>
        Add(row, peer.Name, "whole", Math.Round(100.0 * result.Ok / result.Requests, 2));
}
