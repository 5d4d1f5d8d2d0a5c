namespace Parley.Bench;

/// <summary>A long conversation of Parley: opening it, and paging back to its middle. Seeded once, measured in every run.</summary>
internal sealed class OpenRow() : Row("open", "Opening a conversation of 10,000 messages")
{
    private IAsyncEnumerator<OpenResult>? _results;

    public override IReadOnlyList<Metric> Metrics =>
        [
            new("fresh50", "new connection p50, ms"),
            new("fresh95", "p95, ms"),
            new("warm50", "open connection p50, ms"),
            new("warm95", "p95, ms"),
            new("page50", "a page back p50, ms"),
            new("page95", "p95, ms"),
            new("seed", "adding them, s"),
        ];

    public override IReadOnlyList<Goal> Goals =>
        [new("fresh95", "opening 10,000 messages, p95", 100, "ms"), new("page95", "a page back, to the middle, p95", 100, "ms")];

    public override async Task MeasureAsync(RowContext context)
    {
        if (context.Peers.FirstOrDefault(peer => peer.Name == Peer.Parley) is not { } parley)
        {
            return;
        }

        _results ??= OpenCommand
            .MeasureAsync(new OpenPlan(new Uri(parley.ChatUrl.GetLeftPart(UriPartial.Authority))), context.Options.Runs, context.Cancel)
            .GetAsyncEnumerator(context.Cancel);
        if (!await _results.MoveNextAsync())
        {
            return;
        }

        var result = _results.Current;
        foreach (var (name, spread) in new[] { ("fresh", result.Fresh), ("warm", result.Warm), ("page", result.Page) })
        {
            context.Add(this, parley.Name, name + "50", spread.P50);
            context.Add(this, parley.Name, name + "95", spread.P95);
        }
        context.Add(this, parley.Name, "seed", result.SeedSeconds);
    }
}
