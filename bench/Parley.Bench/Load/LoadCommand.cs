using System.Text.Json;

namespace Parley.Bench;

/// <summary>
/// A load generator for streamed responses over HTTP/1.1. It runs many streams at once, checks and times every token, and reports the CPU
/// and memory that the server used.
/// </summary>
internal static class LoadCommand
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task<int> RunAsync(CommandLine line)
    {
        var plan = LoadPlan.From(line);
        line.RejectUnknown();
        Clock.RequireLinux();

        using var run = new LoadRun(plan);
        var result = await Task.Factory.StartNew(run.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Console.WriteLine(JsonSerializer.Serialize(result, Json));
        return result.Complete == result.Requests ? 0 : 1;
    }
}
