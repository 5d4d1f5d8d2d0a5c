namespace Parley.Bench;

/// <summary>A thousand readers of one answer that join while the model thinks, and then all wait for the same tokens.</summary>
internal sealed class FollowersRow() : Row("followers", "1,000 followers of one answer of 20 tokens/s")
{
    private const string Model = "mock-n200-d50-f4000";
    private const int Tokens = 200,
        Followers = 1000;

    public override IReadOnlyList<Metric> Metrics =>
        [
            new("lag50", "lag p50, ms"),
            new("lag99", "lag p99, ms"),
            new("kb", "KB per follower"),
            new("cpu", "CPU per token and follower, µs"),
            new("whole", "whole answers, %", MoreIsBetter: true),
        ];

    // 10,000 in 500 MB
    public override IReadOnlyList<Goal> Goals =>
        [new("lag99", "lag of 1,000 followers, p99", 50, "ms"), new("kb", "memory per follower", 50, "KB")];

    public override IEnumerable<string> Models => [Model];

    public override async Task MeasureAsync(RowContext context)
    {
        foreach (var peer in context.Peers.Where(peer => peer.FollowPath is not null))
        {
            var result = await context.Loader.RunAsync(peer, Model, Tokens, ("--follow", Followers), ("--ramp", 2000), ("--timeout", 90));
            context.Add(this, peer.Name, "lag50", result.Late.P50);
            context.Add(this, peer.Name, "lag99", result.Late.P99);
            context.Add(this, peer.Name, "kb", result.KbPerStream);
            context.Add(this, peer.Name, "cpu", result.CpuPerToken);
            context.AddHealth(this, peer, result);
        }
    }
}
