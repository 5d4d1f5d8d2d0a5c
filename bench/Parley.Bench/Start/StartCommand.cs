using System.Text.Json;

namespace Parley.Bench;

/// <summary>Cold start with an empty data folder until <c>GET /health/ready</c> answers 200, and the memory five seconds later.</summary>
internal static class StartCommand
{
    private static readonly TimeSpan UntilRest = TimeSpan.FromSeconds(5);

    internal sealed record Result(double ReadySeconds, double RssMb);

    public static async Task<int> RunAsync(CommandLine line)
    {
        var (folder, data, runs) = (line.Required("--server"), line.Text("--data"), line.Number("--runs", 3));
        line.RefuseTheRest();
        Clock.Require();

        using var stop = new StopSignal();
        for (var run = 0; run < runs; run++)
        {
            Console.WriteLine(JsonSerializer.Serialize(await MeasureAsync(folder, data, stop.Token), LoadCommand.Json));
        }

        return 0;
    }

    public static async Task<Result> MeasureAsync(string folder, string? data, CancellationToken cancel)
    {
        await using var workspace = new Workspace(data);
        var began = Clock.Now;
        var server = ParleyServer.Start(workspace, folder);
        await Readiness.WaitAsync(
            server.Url("/health/ready"),
            server.Process,
            TimeSpan.FromSeconds(60),
            cancel,
            every: TimeSpan.FromMilliseconds(5)
        );
        var ready = Clock.Now - began;
        await Task.Delay(UntilRest, cancel);
        return new Result(Math.Round(ready / (double)Clock.Second, 3), Math.Round(Processes.RssMb([server.Process.Pid]), 1));
    }
}
