using System.Globalization;

namespace Parley.Bench;

/// <summary>A private Redis on a free loopback port that stores nothing on disk.</summary>
internal sealed record RedisServer(ChildProcess Process, string Url)
{
    public static async Task<RedisServer> StartAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        var program = InstalledPrograms.Require("redis-server", "Redis");
        var port = Workspace.FreePort();
        string[] arguments =
        [
            "--port",
            port.ToString(CultureInfo.InvariantCulture),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            workspace.NewFolder("redis"),
        ];
        var process = workspace.Start("redis-log", program, arguments);
        await LoopbackPort.WaitAsync(port, process, cancellationToken);
        return new RedisServer(process, $"redis://127.0.0.1:{port}");
    }
}
