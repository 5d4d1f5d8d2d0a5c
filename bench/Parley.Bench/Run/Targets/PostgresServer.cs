using System.Globalization;

namespace Parley.Bench;

/// <summary>
/// A private PostgreSQL of the distribution on a free loopback port, with PostgreSQL's default settings, fsync included. As root it runs as
/// the user postgres.
/// </summary>
internal sealed class PostgresServer
{
    private const string User = "postgres";

    private readonly int _port;
    private int _databases;

    private PostgresServer(int port, int pid, string version) => (_port, Pid, Version) = (port, pid, version);

    /// <summary>The postmaster, the parent of all other processes of the server.</summary>
    public int Pid { get; }

    /// <summary>For example <c>15.13</c>.</summary>
    public string Version { get; }

    /// <summary>The setting <c>synchronous_commit</c>: whether a commit waits until it is on disk.</summary>
    public static string SynchronousCommit(Durability durability) => durability == Durability.Power ? "on" : "off";

    public static async Task<PostgresServer> StartAsync(Workspace workspace, Durability durability, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(workspace.NewFolder("postgres"), "data");
        await CreateFolderAsync(folder, cancellationToken);
        await RunAsync("initdb", ["-D", folder, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"], cancellationToken);

        var port = Workspace.FreePort();
        string[] settings =
        [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            $"synchronous_commit={SynchronousCommit(durability)}",
        ];
        var command = AsPostgresUser(
            "postgres",
            ["-D", folder, "-p", Text(port), .. settings.SelectMany(setting => new[] { "-c", setting })]
        );
        var process = workspace.Start("postgres-log", command[0], command[1..]);
        workspace.OnDispose(async () => await process.ShutDownAsync(ChildProcess.Interrupt, PostmasterPid(folder)));
        await LoopbackPort.WaitAsync(port, process, cancellationToken);

        var version = await RunAsync("postgres", ["--version"], cancellationToken);
        return new PostgresServer(
            port,
            PostmasterPid(folder) ?? throw new InvalidOperationException($"PostgreSQL did not start:\n{process.LastLogLines()}"),
            version.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2]
        );
    }

    /// <summary>Creates an empty database and returns its URL.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        var name = $"bench{_databases++}";
        await RunAsync("createdb", ["-h", "127.0.0.1", "-p", Text(_port), "-U", User, name], cancellationToken);
        return $"postgres://{User}@127.0.0.1:{_port}/{name}";
    }

    /// <summary>Throws if the database has no tables, because then the server stores its data elsewhere.</summary>
    public static async Task RequireTablesAsync(string databaseUrl, CancellationToken cancellationToken)
    {
        const string query =
            "SELECT count(*) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')";
        var count = await RunAsync("psql", ["-At", "-c", query, databaseUrl], cancellationToken);
        if (count.Trim() == "0")
        {
            throw new InvalidOperationException($"Parley has created no tables in {databaseUrl}: it does not use PostgreSQL.");
        }
    }

    private static async Task CreateFolderAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        InstalledPrograms.Require("runuser", "runuser");
        var (exitCode, _, errors) = await ChildProcess.RunAsync("chown", [User, folder], cancellationToken);
        if (exitCode != 0)
        {
            throw new MissingProgramException($"the data folder cannot be given to the user {User}: {errors.Trim()}");
        }
    }

    private static async Task<string> RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var command = AsPostgresUser(program, arguments);
        var (exitCode, output, errors) = await ChildProcess.RunAsync(command[0], command[1..], cancellationToken, workingDirectory: "/");
        return exitCode == 0 ? output : throw new MissingProgramException($"{program} failed: {errors.Trim()}");
    }

    // PostgreSQL refuses to run as root
    private static string[] AsPostgresUser(string program, string[] arguments)
    {
        string[] command = [InstalledPrograms.RequirePostgres(program), .. arguments];
        return Environment.IsPrivilegedProcess ? ["runuser", "-u", User, "--", .. command] : command;
    }

    private static int? PostmasterPid(string folder)
    {
        var file = Path.Combine(folder, "postmaster.pid");
        return File.Exists(file) ? int.Parse(File.ReadLines(file).First(), CultureInfo.InvariantCulture) : null;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
