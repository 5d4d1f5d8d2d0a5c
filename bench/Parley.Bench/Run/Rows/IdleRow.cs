namespace Parley.Bench;

/// <summary>One stream on an idle server: the lateness of its tokens, and the time that a target adds to a first token.</summary>
internal sealed class IdleRow(string name) : BenchmarkRow(name, "Idle: one stream of 20 tokens/s; first tokens one at a time")
{
    private const string PacedModel = "mock-n200-d50";
    private const int PacedTokens = 200;
    private const string ShortModel = "mock-n2-d5";
    private const int ShortTokens = 2;
    private const int ShortRequests = 40;

    public override IReadOnlyList<Metric> Metrics =>
        [
            new("late50", "lateness p50, ms", HasRatio: true),
            new("late99", "lateness p99, ms"),
            new("first50", "first token p50, ms"),
            new("added50", "added to the provider's, ms"),
            RowContext.Complete,
        ];

    public override IReadOnlyList<Goal> Goals =>
        [
            new("late50", "lateness of a token when idle, p50", 0.5, "ms"),
            new("late50", "lateness of a token when idle, p50, PostgreSQL", 2, "ms", Target.ParleyPostgres),
            new("added50", "added to a first token when idle, p50", 1.5, "ms"),
        ];

    public override IEnumerable<string> Models => [PacedModel, ShortModel];

    public override async Task MeasureAsync(RowContext context)
    {
        // the provider first, since its time is subtracted from that of the others
        double? provider = null;
        foreach (var target in context.Targets.OrderByDescending(target => target.Name == Target.Direct))
        {
            var first = await context.Generator.RunAsync(target, ShortModel, ShortTokens, ("--rounds", ShortRequests), ("--pause", 50));
            var paced = await context.Generator.RunAsync(target, PacedModel, PacedTokens);
            provider ??= first.FirstToken.P50;
            context.Add(this, target.Name, "late50", paced.Lateness.P50);
            context.Add(this, target.Name, "late99", paced.Lateness.P99);
            context.Add(this, target.Name, "first50", first.FirstToken.P50);
            if (target.Name != Target.Direct)
            {
                context.Add(this, target.Name, "added50", Math.Round(first.FirstToken.P50 - provider.Value, 3));
            }

            context.AddComplete(this, target.Name, paced);
        }
    }
}
