namespace Parley.Bench;

/// <summary>
/// 10,000 readers of one response of one token a second: the memory that they add to a server that was started for this row, since a server
/// that has served other rows would reuse memory that it already has.
/// </summary>
internal sealed class ManyFollowersRow(string name) : BenchmarkRow(name, "10,000 followers of one response of 1 token/s")
{
    private const string Model = "mock-n20-d1000-f20000";
    private const int Tokens = 20;
    private const int Followers = 10_000;
    private const int MaxMb = 250;

    public override IReadOnlyList<Metric> Metrics =>
        [
            new("mb", "memory added, MB"),
            new("rss", "server in all, MB"),
            new("kb", "KB per follower"),
            new("lag50", "lag p50, ms"),
            new("lag99", "lag p99, ms"),
            new("cpu", "CPU per token and follower, µs"),
            RowContext.Complete,
        ];

    public override IReadOnlyList<Goal> Goals =>
        [
            new("mb", "memory of 10,000 followers", MaxMb, "MB"),
            new("mb", "memory of 10,000 followers, PostgreSQL", MaxMb, "MB", Target.ParleyPostgres),
        ];

    public override IEnumerable<string> Models => [Model];

    public override async Task MeasureAsync(RowContext context)
    {
        if (!context.Options.Includes(Target.Parley))
        {
            return;
        }

        foreach (var database in context.Options.Databases)
        {
            await using var workspace = new Workspace(context.Options.DataFolder);
            var target = await context.Servers.StartParleyAsync(database, workspace);
            await WarmUp.FollowAsync(target, context.Generator);
            var result = await context.Generator.RunAsync(
                target,
                Model,
                Tokens,
                ("--follow", Followers),
                ("--ramp", 15_000),
                ("--timeout", 120)
            );
            context.Add(this, target.Name, "mb", Math.Round(result.RssPeakMb - result.RssBeforeMb, 1));
            context.Add(this, target.Name, "rss", result.RssPeakMb);
            context.Add(this, target.Name, "kb", result.KbPerStream);
            context.Add(this, target.Name, "lag50", result.Lateness.P50);
            context.Add(this, target.Name, "lag99", result.Lateness.P99);
            context.Add(this, target.Name, "cpu", result.ServerCpuPerToken);
            context.AddComplete(this, target.Name, result);
        }
    }
}
