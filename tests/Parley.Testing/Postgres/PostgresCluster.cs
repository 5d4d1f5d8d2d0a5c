using System.Diagnostics;

namespace Parley.Testing.Postgres;

/// <summary>
/// A private PostgreSQL on a free port of this machine, without a password. It ends with this process, however that ends.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgresCluster>> SharedCluster = new(() => StartAsync());
    private readonly string _folder;
    private readonly Process _guard;
    private readonly string _options;

    private PostgresCluster(string folder, int port, string options)
    {
        (_folder, Port, _options) = (folder, port, options);
        _guard = Programs.Guard(
            "\"$1\"/pg_ctl -D \"$2\"/data -m immediate -s stop >/dev/null 2>&1; rm -rf \"$2\"",
            Programs.PostgresFolder,
            folder
        );
    }

    public int Port { get; }

    /// <summary>Where the server writes its log.</summary>
    public string LogFile => Path.Combine(_folder, "log");

    /// <summary>The cluster of this test run. Tests that stop theirs, or fill its disk, start one of their own.</summary>
    public static Task<PostgresCluster> SharedAsync() => SharedCluster.Value;

    /// <summary>Creates and starts a cluster.</summary>
    /// <param name="options">More options of <c>postgres</c>: <c>-c name=value</c>.</param>
    /// <param name="isDurable">With fsync, as it is run in earnest: for a stop that simulates a loss of power.</param>
    /// <param name="parent">The folder in which its own is created, for a disk of its own; default the one for temporary files.</param>
    public static async Task<PostgresCluster> StartAsync(string options = "", bool isDurable = false, string? parent = null)
    {
        var folder = await Programs.CreateFolderAsync(parent);
        var durability = isDurable ? "" : "-c fsync=off -c full_page_writes=off -c synchronous_commit=off";
        var cluster = new PostgresCluster(folder, Programs.FreePort(), $"{durability} {options}");
        await Programs.RunAsync(
            Path.Combine(Programs.PostgresFolder, "initdb"),
            ["-D", cluster.Data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        );
        await cluster.StartServerAsync();
        return cluster;
    }

    /// <summary>Npgsql's connection string of one of its databases.</summary>
    public string ConnectionString(string database = "postgres") =>
        $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database};SSL Mode=Disable";

    /// <summary>Starts the server again after <see cref="StopServerAsync"/>.</summary>
    public Task StartServerAsync() =>
        Programs.RunAsync(
            Path.Combine(Programs.PostgresFolder, "pg_ctl"),
            [
                "-D",
                Data,
                "-w",
                "-t",
                "60",
                "-s",
                "-l",
                LogFile,
                "-o",
                $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=400 {_options}",
                "start",
            ]
        );

    /// <summary>Stops the server: <c>fast</c> ends its sessions, <c>immediate</c> is a crash.</summary>
    public Task StopServerAsync(string mode) =>
        Programs.RunAsync(Path.Combine(Programs.PostgresFolder, "pg_ctl"), ["-D", Data, "-m", mode, "-w", "-s", "stop"]);

    /// <summary>Whether the server runs: one whose disk is full may have ended by itself.</summary>
    public async Task<bool> IsRunningAsync()
    {
        try
        {
            await Programs.RunAsync(Path.Combine(Programs.PostgresFolder, "pg_ctl"), ["-D", Data, "status"]);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        _guard.Dispose();
    }

    private string Data => Path.Combine(_folder, "data");
}
