using System.Text.Json;

namespace Parley.Bench;

/// <summary>Opening a long conversation, and paging to its middle.</summary>
internal static class OpenCommand
{
    public static async Task<int> RunAsync(CommandLine line)
    {
        var plan = new OpenPlan(new Uri(line.Required("--url")), line.Number("--messages", 10_000), line.Number("--repetitions", 200));
        var runs = line.Number("--runs", 1);
        line.RefuseTheRest();
        Clock.Require();

        using var stop = new StopSignal();
        await foreach (var result in MeasureAsync(plan, runs, stop.Token))
        {
            Console.WriteLine(JsonSerializer.Serialize(result, LoadCommand.Json));
        }

        return 0;
    }

    /// <summary>Seeds once and measures so many times.</summary>
    public static async IAsyncEnumerable<OpenResult> MeasureAsync(
        OpenPlan plan,
        int runs,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel
    )
    {
        using var conversation = new LongConversation(plan);
        var began = Clock.Now;
        await conversation.CreateAsync(cancel);
        var seedSeconds = Math.Round((Clock.Now - began) / (double)Clock.Second, 1);
        for (var run = 0; run < runs; run++)
        {
            var (fresh, warm, page) = (new Samples(), new Samples(), new Samples());
            for (var i = 0; i < plan.Repetitions; i++)
            {
                // the one before closed its connection, so this one begins with a new one
                fresh.Add(await TimeAsync(() => conversation.OpenAsync(onNewConnection: true, cancel)));
            }
            for (var i = 0; i < plan.Repetitions; i++)
            {
                warm.Add(await TimeAsync(() => conversation.OpenAsync(onNewConnection: false, cancel)));
            }

            await conversation.PageToMiddleAsync(page.Add, cancel);
            yield return new OpenResult(plan.Messages, seedSeconds, fresh.Spread(), warm.Spread(), page.Spread());
        }
    }

    private static async Task<long> TimeAsync(Func<Task> action)
    {
        var began = Clock.Now;
        await action();
        return Clock.Now - began;
    }
}
