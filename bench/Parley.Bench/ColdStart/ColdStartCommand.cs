using System.Text.Json;

namespace Parley.Bench;

/// <summary>
/// Measures the time from the start of the server with an empty database until <c>GET /health/ready</c> returns 200, and the memory 5 s
/// later.
/// </summary>
internal static class ColdStartCommand
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan TimeToRest = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(CommandLine line)
    {
        var (serverFolder, dataFolder, runs) = (line.Required("--server"), line.Text("--data"), line.Number("--runs", 3));
        line.RejectUnknown();
        Clock.RequireLinux();

        using var stop = new StopSignal();
        for (var run = 0; run < runs; run++)
        {
            await using var workspace = new Workspace(dataFolder);
            var result = await MeasureAsync(() => ParleyServer.Start(workspace, serverFolder), stop.Token);
            Console.WriteLine(JsonSerializer.Serialize(result, LoadCommand.Json));
        }

        return 0;
    }

    public static async Task<ColdStartResult> MeasureAsync(Func<ParleyServer> startServer, CancellationToken cancellationToken)
    {
        var start = Clock.Now;
        var server = startServer();
        await ReadinessProbe.WaitAsync(server.Url("/health/ready"), server.Process, cancellationToken, ProbeInterval);
        var ready = Clock.Now - start;
        await Task.Delay(TimeToRest, cancellationToken);
        return new ColdStartResult(Math.Round(Clock.ToSeconds(ready), 3), Math.Round(ProcessStats.RssMb([server.Process.Pid]), 1));
    }
}
