namespace Parley.Bench;

/// <summary>500 people press Enter in the same moment: how long until each reads something.</summary>
internal sealed class FirstTokenRow(int delay)
    : Row("first500", $"First token, 500 streams started at once; the provider's comes after {delay} ms")
{
    private const int Tokens = 20,
        Streams = 500;
    private readonly string _model = $"mock-n20-d20-f{delay}";

    public override IReadOnlyList<Metric> Metrics =>
        [new("first50", "p50, ms", HasRatio: true), new("first99", "p99, ms"), new("whole", "whole answers, %", MoreIsBetter: true)];

    public override IReadOnlyList<Goal> Goals =>
        [new("first50", "first token, 500 started at once, p50", 2, "× the byte pipe", IsRatio: true)];

    public override IEnumerable<string> Models => [_model];

    public override async Task MeasureAsync(RowContext context)
    {
        foreach (var peer in context.Peers)
        {
            var result = await context.Loader.RunAsync(peer, _model, Tokens, ("--streams", Streams), ("--connect-first", 1));
            context.Add(this, peer.Name, "first50", result.FirstToken.P50);
            context.Add(this, peer.Name, "first99", result.FirstToken.P99);
            context.AddHealth(this, peer, result);
        }
    }
}
