using System.Globalization;

namespace Parley.Bench;

/// <summary>Starts the servers of a run.</summary>
internal sealed class Servers(Workspace workspace, CancellationToken cancel)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private int _providerPort;

    private string Upstream => $"http://127.0.0.1:{_providerPort}/v1";

    public async Task<Peer> StartProviderAsync(IEnumerable<string> models, int tickMicroseconds)
    {
        _providerPort = Workspace.FreePort();
        var (file, arguments) = Self.Command(
            "provider",
            "--port",
            Text(_providerPort),
            "--models",
            string.Join(',', models),
            "--tick-us",
            Text(tickMicroseconds)
        );
        var child = workspace.Start("provider", file, arguments);
        await Readiness.WaitAsync(new Uri(Upstream + "/models"), child, Patience, cancel);
        return new Peer(Peer.Direct, new Uri(Upstream + "/chat/completions"), OpenAiBody) { Pids = [child.Pid] };
    }

    public async Task<Peer> StartPipeAsync()
    {
        var port = Workspace.FreePort();
        var (file, arguments) = Self.Command("pipe", "--port", Text(port), "--upstream", Upstream);
        // the server collector is what the ASP.NET Core SDK would have chosen
        var child = workspace.Start("pipe", file, arguments, [("DOTNET_gcServer", "1"), ("DOTNET_gcConcurrent", "1")]);
        await Readiness.WaitAsync(Local(port, "/health/ready"), child, Patience, cancel);
        return new Peer(Peer.Pipe, Local(port, "/v1/chat/completions"), OpenAiBody) { Pids = [child.Pid] };
    }

    public async Task<Peer> StartParleyAsync(string folder)
    {
        var server = ParleyServer.Start(workspace, folder, Upstream);
        await Readiness.WaitAsync(server.Url("/health/ready"), server.Process, Patience, cancel);
        return new Peer(Peer.Parley, server.Url("/api/chat"), model => $$"""{"message":"hi {i}","model":"openai/{{model}}"}""")
        {
            Pids = [server.Process.Pid],
            FollowPath = "/api/v1/generations/{id}/events",
            IdHeader = "X-Generation-Id",
        };
    }

    /// <summary>Null, with the reason told, when something that it needs is not here.</summary>
    public async Task<Peer?> StartAiSdkAsync(Action<string> tell)
    {
        try
        {
            var folder = Self.AiSdkFolder() ?? throw new MissingException("its sources (bench/peers/aisdk) are not here");
            Programs.Require("node", "Node");
            Programs.RequirePostgres("postgres");
            Programs.Require("redis-server", "Redis");
            await InstallAsync(folder, tell);
            var postgres = await Databases.StartPostgresAsync(workspace, cancel);
            var redis = await Databases.StartRedisAsync(workspace, cancel);
            var port = Workspace.FreePort();
            var child = workspace.Start(
                "aisdk",
                "node",
                ["server.mjs"],
                [
                    ("PORT", Text(port)),
                    ("UPSTREAM", Upstream),
                    ("DATABASE_URL", postgres.Url),
                    ("REDIS_URL", redis.Url),
                    ("NODE_ENV", "production"),
                ],
                folder
            );
            await Readiness.WaitAsync(Local(port, "/health"), child, Patience, cancel);
            return new Peer(Peer.AiSdk, Local(port, "/api/chat"), model => $$"""{"message":"hi {i}","model":"{{model}}"}""")
            {
                Pids = [child.Pid],
                SidePids = [postgres.Process.Pid, redis.Process.Pid],
                FollowPath = "/api/chat/{id}/stream",
                IdHeader = "X-Stream-Id",
                WarmUp = 50,
            };
        }
        catch (Exception e) when (e is MissingException or InvalidOperationException)
        {
            tell($"The peer \"{Peer.AiSdk}\" is left out: {e.Message}");
            return null;
        }
    }

    private static string OpenAiBody(string model) =>
        $$"""{"model":"{{model}}","stream":true,"messages":[{"role":"user","content":"hi {i}"}]}""";

    private static Uri Local(int port, string path) => new($"http://127.0.0.1:{port}{path}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task InstallAsync(string folder, Action<string> tell)
    {
        if (Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            return;
        }

        Programs.Require("npm", "npm");
        tell("Installing the packages of the AI SDK peer (npm ci) …");
        var (code, output, errors) = await ChildProcess.RunAsync(
            "npm",
            ["ci", "--ignore-scripts", "--loglevel=error"],
            cancel,
            folder: folder
        );
        if (code != 0)
        {
            throw new MissingException($"npm ci failed: {errors}{output}");
        }
    }
}
