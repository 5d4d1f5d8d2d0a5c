using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Parley.Testing.Postgres;

/// <summary>
/// Runs programs of the distribution, as the user <c>postgres</c> where the tests run as root: PostgreSQL refuses to be root.
/// </summary>
internal static class Programs
{
    private static readonly bool IsRoot = Environment.UserName == "root";

    /// <summary>The newest PostgreSQL that is installed, or the one in <c>PARLEY_TEST_POSTGRES</c>.</summary>
    public static string PostgresFolder { get; } = FindPostgres();

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it wrote.</exception>
    public static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(Command(program, arguments))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} failed with exit code {process.ExitCode}.\n{await output}\n{await errors}");
        }
    }

    /// <summary>A folder that the programs may write to.</summary>
    public static async Task<string> CreateFolderAsync(string? parent = null)
    {
        var folder = parent is null
            ? Directory.CreateTempSubdirectory("parley-postgres-").FullName
            : Directory.CreateDirectory(Path.Combine(parent, "postgres")).FullName;
        if (IsRoot)
        {
            using var chown = Process.Start("chown", ["postgres", folder]);
            await chown.WaitForExitAsync();
        }

        return folder;
    }

    /// <summary>
    /// Runs <paramref name="script"/> once this process has ended, however it ends: it waits for the end of its input, which only this
    /// process can write to. It is in a session of its own, since signals are often sent to all of a test run's processes.
    /// </summary>
    public static Process Guard(string script, params string[] arguments)
    {
        var start = Command("setsid", ["sh", "-c", $"trap '' INT TERM HUP; cat >/dev/null; {script}", "sh", .. arguments]);
        start.RedirectStandardInput = true;
        return Process.Start(start)!;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static ProcessStartInfo Command(string program, string[] arguments)
    {
        // Not runuser: it stays as a parent, which kills the program when it gets a signal itself.
        string[] asPostgres = ["--reuid=postgres", "--regid=postgres", "--init-groups", program, .. arguments];
        var start = new ProcessStartInfo(IsRoot ? "setpriv" : program, IsRoot ? asPostgres : arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        return start;
    }

    private static string FindPostgres()
    {
        const string installed = "/usr/lib/postgresql";
        var folder = Environment.GetEnvironmentVariable("PARLEY_TEST_POSTGRES")
            ?? (
                Directory.Exists(installed)
                    ? Directory.GetDirectories(installed).OrderBy(path => int.Parse(Path.GetFileName(path))).LastOrDefault()
                    : null
            );
        return folder is not null && File.Exists(Path.Combine(folder, "bin", "initdb"))
            ? Path.Combine(folder, "bin")
            : throw new InvalidOperationException(
                "PostgreSQL is not installed. Run ./dev test as root, or install the Debian package postgresql, or set PARLEY_TEST_POSTGRES to the folder that has bin/initdb."
            );
    }
}
