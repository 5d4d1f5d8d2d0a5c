using System.Globalization;

namespace Parley.Bench;

/// <summary>The AI SDK target: <c>bench/targets/aisdk</c> on Node, with a private PostgreSQL and a private Redis.</summary>
internal static class AiSdkServer
{
    private const string SourceFolder = "bench/targets/aisdk";

    /// <exception cref="MissingProgramException">Its sources, or a program that it needs, are missing.</exception>
    public static async Task<Target> StartAsync(
        Workspace workspace,
        string upstream,
        Action<string> log,
        CancellationToken cancellationToken
    )
    {
        var folder = FindSources() ?? throw new MissingProgramException($"its sources ({SourceFolder}) are missing");
        InstalledPrograms.Require("node", "Node");
        InstalledPrograms.RequirePostgres("postgres");
        InstalledPrograms.Require("redis-server", "Redis");
        await InstallPackagesAsync(folder, log, cancellationToken);
        var postgres = await PostgresServer.StartAsync(workspace, Durability.Power, cancellationToken);
        var redis = await RedisServer.StartAsync(workspace, cancellationToken);
        var port = Workspace.FreePort();
        (string, string?)[] environment =
        [
            ("PORT", port.ToString(CultureInfo.InvariantCulture)),
            ("UPSTREAM", upstream),
            ("DATABASE_URL", await postgres.CreateDatabaseAsync(cancellationToken)),
            ("REDIS_URL", redis.Url),
            ("NODE_ENV", "production"),
        ];
        var process = workspace.Start("aisdk", "node", ["server.mjs"], environment, folder);
        var url = new Uri($"http://127.0.0.1:{port}");
        await ReadinessProbe.WaitAsync(new Uri(url, "/health"), process, cancellationToken);
        return new Target(Target.AiSdk, new Uri(url, "/api/chat"), model => $$"""{"message":"hi {i}","model":"{{model}}"}""")
        {
            Pids = [process.Pid],
            DatabasePids = [postgres.Pid, redis.Process.Pid],
            FollowPath = "/api/chat/{id}/stream",
            IdHeader = "X-Stream-Id",
        };
    }

    private static async Task InstallPackagesAsync(string folder, Action<string> log, CancellationToken cancellationToken)
    {
        if (Directory.Exists(Path.Combine(folder, "node_modules")))
        {
            return;
        }

        InstalledPrograms.Require("npm", "npm");
        log("Installing the packages of the AI SDK target (npm ci) …");
        var (exitCode, output, errors) = await ChildProcess.RunAsync(
            "npm",
            ["ci", "--ignore-scripts", "--loglevel=error"],
            cancellationToken,
            workingDirectory: folder
        );
        if (exitCode != 0)
        {
            throw new MissingProgramException($"npm ci failed: {errors}{output}");
        }
    }

    /// <summary>Searches the working directory, the folder of this program and their parents; null if there are no sources.</summary>
    private static string? FindSources() =>
        new[] { Environment.CurrentDirectory, AppContext.BaseDirectory }
            .SelectMany(WithParents)
            .Select(folder => Path.Combine(folder, SourceFolder))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "server.mjs")));

    private static IEnumerable<string> WithParents(string folder)
    {
        for (var current = new DirectoryInfo(folder); current is not null; current = current.Parent)
        {
            yield return current.FullName;
        }
    }
}
