namespace Parley.Bench;

/// <summary>Start of a Parley server with an empty database, and its memory at rest.</summary>
internal sealed class ColdStartRow(string name) : BenchmarkRow(name, "Cold start with an empty database, and memory at rest")
{
    public override IReadOnlyList<Metric> Metrics => [new("ready", "until ready, s"), new("rss", "memory 5 s later, MB")];

    public override IReadOnlyList<Goal> Goals =>
        [new("ready", "cold start until ready", 0.6, "s"), new("rss", "memory at rest", 100, "MB")];

    public override async Task MeasureAsync(RowContext context)
    {
        if (!context.Options.Includes(Target.Parley))
        {
            return;
        }

        foreach (var database in context.Options.Databases)
        {
            var result = await context.Servers.MeasureColdStartAsync(database);
            context.Add(this, TargetServers.ParleyName(database), "ready", result.ReadySeconds);
            context.Add(this, TargetServers.ParleyName(database), "rss", result.RssMb);
        }
    }
}
