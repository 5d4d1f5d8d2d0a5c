namespace Parley.Bench;

/// <summary>500 requests sent in one burst on open connections: the time to the first token.</summary>
internal sealed class FirstTokenRow(string name, RunOptions options)
    : BenchmarkRow(name, $"First token, 500 streams started at once; the provider sends it after {options.FirstDelay} ms")
{
    private const int Tokens = 20;
    private const int Streams = 500;
    private const double MaxRatio = 2;

    private readonly string _model = $"mock-n{Tokens}-d20-f{options.FirstDelay}";

    public override IReadOnlyList<Metric> Metrics =>
        [new("first50", "p50, ms", HasRatio: true), new("first99", "p99, ms"), RowContext.Complete];

    public override IReadOnlyList<Goal> Goals =>
        [new("first50", "first token, 500 started at once, p50", MaxRatio, RatioToPipe, Baseline: Target.Pipe)];

    public override IEnumerable<string> Models => [_model];

    public override async Task MeasureAsync(RowContext context)
    {
        foreach (var target in context.Targets)
        {
            var result = await context.Generator.RunAsync(target, _model, Tokens, ("--streams", Streams), ("--connect-first", 1));
            context.Add(this, target.Name, "first50", result.FirstToken.P50);
            context.Add(this, target.Name, "first99", result.FirstToken.P99);
            context.AddComplete(this, target.Name, result);
        }
    }
}
