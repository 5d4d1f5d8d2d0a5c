namespace Parley.Bench;

/// <summary>Opening a long conversation and paging back to its middle. The messages are added once and read in every run.</summary>
internal sealed class OpenConversationRow(string name) : BenchmarkRow(name, "Opening a conversation of 10,000 messages")
{
    private const int MaxMilliseconds = 100;

    private readonly Dictionary<string, IAsyncEnumerator<OpenResult>> _results = [];

    public override IReadOnlyList<Metric> Metrics =>
        [
            new("new50", "new connection p50, ms"),
            new("new95", "p95, ms"),
            new("open50", "open connection p50, ms"),
            new("open95", "p95, ms"),
            new("page50", "one page back p50, ms"),
            new("page95", "p95, ms"),
            new("add", "adding all messages, s"),
        ];

    public override IReadOnlyList<Goal> Goals => [.. GoalsOf(Target.Parley, ""), .. GoalsOf(Target.ParleyPostgres, ", PostgreSQL")];

    public override async Task MeasureAsync(RowContext context)
    {
        foreach (var target in context.Targets.Where(target => target.IsParley))
        {
            if (!_results.TryGetValue(target.Name, out var results))
            {
                var plan = new OpenPlan(new Uri(target.ChatUrl.GetLeftPart(UriPartial.Authority)));
                results = OpenCommand
                    .MeasureAsync(plan, context.Options.Runs, context.CancellationToken)
                    .GetAsyncEnumerator(context.CancellationToken);
                _results[target.Name] = results;
            }

            if (!await results.MoveNextAsync())
            {
                continue;
            }

            var result = results.Current;
            AddPercentiles(context, target, "new", result.NewConnection);
            AddPercentiles(context, target, "open", result.OpenConnection);
            AddPercentiles(context, target, "page", result.Page);
            context.Add(this, target.Name, "add", result.AddSeconds);
        }
    }

    private static Goal[] GoalsOf(string target, string suffix) =>
        [
            new("new95", $"opening 10,000 messages, p95{suffix}", MaxMilliseconds, "ms", target),
            new("page95", $"one page back, to the middle, p95{suffix}", MaxMilliseconds, "ms", target),
        ];

    private void AddPercentiles(RowContext context, Target target, string name, Percentiles percentiles)
    {
        context.Add(this, target.Name, name + "50", percentiles.P50);
        context.Add(this, target.Name, name + "95", percentiles.P95);
    }
}
