using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>Measures opening a long conversation and paging back to its middle.</summary>
internal static class OpenCommand
{
    public static async Task<int> RunAsync(CommandLine line)
    {
        var plan = new OpenPlan(new Uri(line.Required("--url")), line.Number("--messages", 10_000), line.Number("--repetitions", 200));
        var runs = line.Number("--runs", 1);
        line.RejectUnknown();
        Clock.RequireLinux();

        using var stop = new StopSignal();
        await foreach (var result in MeasureAsync(plan, runs, stop.Token))
        {
            Console.WriteLine(JsonSerializer.Serialize(result, LoadCommand.Json));
        }

        return 0;
    }

    /// <summary>Adds the messages once and measures the given number of times.</summary>
    public static async IAsyncEnumerable<OpenResult> MeasureAsync(
        OpenPlan plan,
        int runs,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var conversation = new LongConversation(plan);
        var start = Clock.Now;
        await conversation.CreateAsync(cancellationToken);
        var addSeconds = Math.Round(Clock.ToSeconds(Clock.Now - start), 1);
        for (var run = 0; run < runs; run++)
        {
            var newConnection = new LatencySamples();
            var openConnection = new LatencySamples();
            var page = new LatencySamples();
            for (var i = 0; i < plan.Repetitions; i++)
            {
                // the previous repetition has closed its connection
                newConnection.Add(await TimeAsync(() => conversation.OpenAsync(closeConnection: true, cancellationToken)));
            }

            for (var i = 0; i < plan.Repetitions; i++)
            {
                openConnection.Add(await TimeAsync(() => conversation.OpenAsync(closeConnection: false, cancellationToken)));
            }

            await conversation.PageToMiddleAsync(page.Add, cancellationToken);
            yield return new OpenResult(
                plan.Messages,
                addSeconds,
                newConnection.Percentiles(),
                openConnection.Percentiles(),
                page.Percentiles()
            );
        }
    }

    private static async Task<long> TimeAsync(Func<Task> action)
    {
        var start = Clock.Now;
        await action();
        return Clock.Now - start;
    }
}
