namespace Parley.Bench;

/// <summary>Many streams of 50 tokens a second: the server's CPU, from the request to the last commit, per token.</summary>
internal sealed class CpuPerTokenRow(string name, int streams, double maxRatio, RunOptions options)
    : BenchmarkRow(name, $"CPU per token, {streams} streams × 50 tokens/s")
{
    private const double MaxRatioToSqlite = 1.5;

    private readonly string _model = $"mock-n{options.Tokens}-d20{(options.InStep ? "-s" : "")}";

    public override IReadOnlyList<Metric> Metrics =>
        [
            new("cpu", "server CPU per token, µs", HasRatio: true),
            new("databaseCpu", "database CPU per token, µs"),
            new("tokens", "tokens/s", HigherIsBetter: true),
            new("first50", "first token p50, ms"),
            new("late50", "lateness p50, ms"),
            new("late99", "lateness p99, ms"),
            new("kb", "KB per stream"),
            RowContext.Complete,
        ];

    public override IReadOnlyList<Goal> Goals =>
        [
            new("cpu", $"CPU per token, {streams} streams", maxRatio, RatioToPipe, Baseline: Target.Pipe),
            new(
                "cpu",
                $"CPU per token, {streams} streams, PostgreSQL",
                MaxRatioToSqlite,
                RatioToSqlite,
                Target.ParleyPostgres,
                Target.Parley
            ),
        ];

    public override IEnumerable<string> Models => [_model];

    public override async Task MeasureAsync(RowContext context)
    {
        foreach (var target in context.Targets)
        {
            // the AI SDK needs a quarter of a minute for one round
            var rounds = target.Name == Target.AiSdk ? 1 : options.Rounds;
            var result = await context.Generator.RunAsync(
                target,
                _model,
                options.Tokens,
                ("--streams", streams),
                ("--rounds", rounds),
                ("--ramp", 500),
                ("--timeout", 180)
            );
            context.Add(this, target.Name, "cpu", result.ServerCpuPerToken);
            if (target.DatabasePids.Length > 0)
            {
                context.Add(this, target.Name, "databaseCpu", result.DatabaseCpuPerToken);
            }

            context.Add(this, target.Name, "tokens", result.TokensPerSecond);
            context.Add(this, target.Name, "first50", result.FirstToken.P50);
            context.Add(this, target.Name, "late50", result.Lateness.P50);
            context.Add(this, target.Name, "late99", result.Lateness.P99);
            context.Add(this, target.Name, "kb", result.KbPerStream);
            context.AddComplete(this, target.Name, result);
        }
    }
}
