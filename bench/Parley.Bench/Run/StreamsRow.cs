namespace Parley.Bench;

/// <summary>Many streams of 50 tokens a second: what a token costs, all told, from the request to the last commit.</summary>
internal sealed class StreamsRow(string name, int streams, double limit, RunOptions options)
    : Row(name, $"CPU per token, {streams} streams × 50 tokens/s")
{
    private readonly string _model = $"mock-n{options.Tokens}-d20{(options.InStep ? "-s" : "")}";

    public override IReadOnlyList<Metric> Metrics =>
        [
            new("cpu", "CPU per token, µs", HasRatio: true),
            new("sideCpu", "its databases', µs"),
            new("tokens", "tokens/s", MoreIsBetter: true),
            new("first", "first token p50, ms"),
            new("late50", "late p50, ms"),
            new("late99", "late p99, ms"),
            new("kb", "KB per stream"),
            new("whole", "whole answers, %", MoreIsBetter: true),
        ];

    public override IReadOnlyList<Goal> Goals => [new("cpu", $"CPU per token, {streams} streams", limit, "× the byte pipe", IsRatio: true)];

    public override IEnumerable<string> Models => [_model];

    public override async Task MeasureAsync(RowContext context)
    {
        foreach (var peer in context.Peers)
        {
            // the Node stack needs a quarter of a minute for a round of this; one is enough to see
            var rounds = peer.Name == Peer.AiSdk ? 1 : options.Rounds;
            var result = await context.Loader.RunAsync(
                peer,
                _model,
                options.Tokens,
                ("--streams", streams),
                ("--rounds", rounds),
                ("--ramp", 500),
                ("--timeout", 180)
            );
            context.Add(this, peer.Name, "cpu", result.CpuPerToken);
            if (peer.SidePids.Length > 0)
            {
                context.Add(this, peer.Name, "sideCpu", result.SideCpuPerToken);
            }

            context.Add(this, peer.Name, "tokens", result.TokensPerSecond);
            context.Add(this, peer.Name, "first", result.FirstToken.P50);
            context.Add(this, peer.Name, "late50", result.Late.P50);
            context.Add(this, peer.Name, "late99", result.Late.P99);
            context.Add(this, peer.Name, "kb", result.KbPerStream);
            context.AddHealth(this, peer, result);
        }
    }
}
