using System.Text.Json;

namespace Parley.Bench;

/// <summary>
/// A load generator for streamed answers over HTTP/1.1: so many streams, every token checked and timed, and the CPU and memory that the server took
/// for them.
/// </summary>
internal static class LoadCommand
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task<int> RunAsync(CommandLine line)
    {
        var plan = LoadPlan.From(line);
        line.RefuseTheRest();
        Clock.Require();

        using var run = new LoadRun(plan);
        var result = await Task.Factory.StartNew(run.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Console.WriteLine(JsonSerializer.Serialize(result, Json));
        return result.Ok == result.Requests ? 0 : 1;
    }
}
