using System.Globalization;
using System.Net.Sockets;

namespace Parley.Bench;

/// <summary>A database server of the bench's own, on a free port.</summary>
internal sealed record Database(ChildProcess Process, string Url);

/// <summary>Starts PostgreSQL and Redis for the peers that need them, with their own defaults (PostgreSQL syncs each commit to disk).</summary>
internal static class Databases
{
    private const string PostgresUser = "postgres";

    public static async Task<Database> StartPostgresAsync(Workspace workspace, CancellationToken cancel)
    {
        var initdb = Programs.RequirePostgres("initdb");
        var server = Programs.RequirePostgres("postgres");
        var folder = Path.Combine(workspace.NewFolder("postgres"), "data");
        await PrepareFolderAsync(folder, cancel);
        var (code, _, errors) = await RunAsPostgresAsync(
            [initdb, "-D", folder, "-U", PostgresUser, "-A", "trust", "-E", "UTF8", "--locale=C"],
            cancel
        );
        if (code != 0)
        {
            throw new MissingException($"initdb failed: {errors.Trim()}");
        }

        var port = Workspace.FreePort();
        var command = AsPostgres([
            server,
            "-D",
            folder,
            "-p",
            Text(port),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "max_connections=100",
        ]);
        var child = workspace.Start("postgres-log", command[0], command[1..]);
        workspace.AtEnd(async () => await child.AskToEndAsync(ChildProcess.Interrupt, PostmasterPid(folder)));
        await WaitForPortAsync(port, child, cancel);
        return new Database(child, $"postgres://{PostgresUser}@127.0.0.1:{port}/postgres");
    }

    public static async Task<Database> StartRedisAsync(Workspace workspace, CancellationToken cancel)
    {
        var server = Programs.Require("redis-server", "Redis");
        var port = Workspace.FreePort();
        var child = workspace.Start(
            "redis-log",
            server,
            ["--port", Text(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", workspace.NewFolder("redis")]
        );
        await WaitForPortAsync(port, child, cancel);
        return new Database(child, $"redis://127.0.0.1:{port}");
    }

    // PostgreSQL refuses to run as root
    private static string[] AsPostgres(string[] command) =>
        Environment.IsPrivilegedProcess ? ["runuser", "-u", PostgresUser, "--", .. command] : command;

    private static Task<(int Code, string Output, string Errors)> RunAsPostgresAsync(string[] command, CancellationToken cancel)
    {
        var whole = AsPostgres(command);
        return ChildProcess.RunAsync(whole[0], whole[1..], cancel, folder: "/");
    }

    private static async Task PrepareFolderAsync(string folder, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        Programs.Require("runuser", "runuser");
        var (code, _, errors) = await ChildProcess.RunAsync("chown", [PostgresUser, folder], cancel);
        if (code != 0)
        {
            throw new MissingException($"the data folder cannot be given to the user {PostgresUser}: {errors.Trim()}");
        }
    }

    private static int? PostmasterPid(string folder)
    {
        var file = Path.Combine(folder, "postmaster.pid");
        return File.Exists(file) ? int.Parse(File.ReadLines(file).First(), CultureInfo.InvariantCulture) : null;
    }

    private static async Task WaitForPortAsync(int port, ChildProcess child, CancellationToken cancel)
    {
        for (var attempt = 0; attempt < 400 && !child.HasExited; attempt++)
        {
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync("127.0.0.1", port, cancel);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancel);
            }
        }
        throw new InvalidOperationException($"Nothing listens on port {port}:\n{child.LastWords()}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
