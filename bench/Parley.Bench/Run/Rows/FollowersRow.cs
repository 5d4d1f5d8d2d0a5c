namespace Parley.Bench;

/// <summary>
/// 1,000 readers that join one response before its first token: the lag of each token, and the memory and CPU of a follower.
/// </summary>
internal sealed class FollowersRow(string name) : BenchmarkRow(name, "1,000 followers of one response of 20 tokens/s")
{
    private const string Model = "mock-n200-d50-f4000";
    private const int Tokens = 200;
    private const int Followers = 1000;

    public override IReadOnlyList<Metric> Metrics =>
        [
            new("lag50", "lag p50, ms"),
            new("lag99", "lag p99, ms"),
            new("kb", "KB per follower"),
            new("cpu", "CPU per token and follower, µs"),
            RowContext.Complete,
        ];

    public override IReadOnlyList<Goal> Goals =>
        [new("lag99", "lag of 1,000 followers, p99", 50, "ms"), new("kb", "memory per follower", 50, "KB")];

    public override IEnumerable<string> Models => [Model];

    public override async Task MeasureAsync(RowContext context)
    {
        foreach (var target in context.Targets.Where(target => target.FollowPath is not null))
        {
            var result = await context.Generator.RunAsync(
                target,
                Model,
                Tokens,
                ("--follow", Followers),
                ("--ramp", 2000),
                ("--timeout", 90)
            );
            context.Add(this, target.Name, "lag50", result.Lateness.P50);
            context.Add(this, target.Name, "lag99", result.Lateness.P99);
            context.Add(this, target.Name, "kb", result.KbPerStream);
            context.Add(this, target.Name, "cpu", result.ServerCpuPerToken);
            context.AddComplete(this, target.Name, result);
        }
    }
}
