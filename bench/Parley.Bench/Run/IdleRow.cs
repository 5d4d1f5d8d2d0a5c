namespace Parley.Bench;

/// <summary>One reader and nothing else: how late a token is, and what a peer adds to a first token that the provider gives at once.</summary>
internal sealed class IdleRow() : Row("idle", "Idle: one stream of 20 tokens/s; first tokens one at a time")
{
    private const string Paced = "mock-n200-d50",
        Brief = "mock-n2-d5";
    private const int PacedTokens = 200,
        BriefTokens = 2,
        Requests = 40;

    public override IReadOnlyList<Metric> Metrics =>
        [
            new("late50", "late p50, ms", HasRatio: true),
            new("late99", "late p99, ms"),
            new("first", "first token p50, ms"),
            new("added", "added to the provider's own, ms"),
            new("whole", "whole answers, %", MoreIsBetter: true),
        ];

    public override IReadOnlyList<Goal> Goals =>
        [new("late50", "lateness of a token when idle, p50", 0.5, "ms"), new("added", "added to a first token when idle, p50", 2, "ms")];

    public override IEnumerable<string> Models => [Paced, Brief];

    public override async Task MeasureAsync(RowContext context)
    {
        double? direct = null;
        foreach (var peer in context.Peers.OrderByDescending(peer => peer.Name == Peer.Direct))
        {
            var brief = await context.Loader.RunAsync(peer, Brief, BriefTokens, ("--rounds", Requests), ("--pause", 50));
            var paced = await context.Loader.RunAsync(peer, Paced, PacedTokens);
            direct ??= brief.FirstToken.P50;
            context.Add(this, peer.Name, "late50", paced.Late.P50);
            context.Add(this, peer.Name, "late99", paced.Late.P99);
            context.Add(this, peer.Name, "first", brief.FirstToken.P50);
            if (peer.Name != Peer.Direct)
            {
                context.Add(this, peer.Name, "added", Math.Round(brief.FirstToken.P50 - direct.Value, 3));
            }

            context.AddHealth(this, peer, paced);
        }
    }
}
