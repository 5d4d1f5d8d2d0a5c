namespace Parley.Bench;

/// <summary>Cold start of a Parley of its own, and its memory at rest.</summary>
internal sealed class StartRow() : Row("start", "Cold start with an empty data folder")
{
    public override IReadOnlyList<Metric> Metrics => [new("ready", "until ready, s"), new("rss", "memory 5 s later, MB")];

    public override IReadOnlyList<Goal> Goals => [new("ready", "cold start to ready", 2, "s"), new("rss", "memory at rest", 150, "MB")];

    public override async Task MeasureAsync(RowContext context)
    {
        if (context.Options.Server is not { } folder || !context.Options.Wants(Peer.Parley))
        {
            return;
        }

        var result = await StartCommand.MeasureAsync(folder, context.Options.Data, context.Cancel);
        context.Add(this, Peer.Parley, "ready", result.ReadySeconds);
        context.Add(this, Peer.Parley, "rss", result.RssMb);
    }
}
