using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Parley.Bench;

/// <summary>A child process that writes its output to files. Disposing it kills it and its descendants.</summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    public const int Interrupt = 2;

    private const int MaxLogLines = 15;
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly string _log;
    private readonly Task _output;

    private ChildProcess(Process process, string log)
    {
        (_process, _log) = (process, log);
        _output = Task.WhenAll(CopyAsync(process.StandardOutput, log), CopyAsync(process.StandardError, log + ".err"));
    }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program. A variable of the environment whose value is null is removed.</summary>
    public static ChildProcess Start(
        string file,
        IEnumerable<string> arguments,
        string log,
        IEnumerable<(string Name, string? Value)> environment,
        string? workingDirectory = null
    )
    {
        var start = StartInfo(file, arguments, environment, workingDirectory);
        return new ChildProcess(Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start."), log);
    }

    /// <summary>Runs a program until it exits, and returns its exit code and output.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string file,
        IEnumerable<string> arguments,
        CancellationToken cancellationToken,
        IEnumerable<(string Name, string? Value)>? environment = null,
        string? workingDirectory = null
    )
    {
        using var process = Process.Start(StartInfo(file, arguments, environment ?? [], workingDirectory))
            ?? throw new InvalidOperationException($"{file} did not start.");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            Kill(process);
        }
    }

    /// <summary>The last lines of the output, for error messages.</summary>
    public string LastLogLines() =>
        string.Join('\n', new[] { _log, _log + ".err" }.Where(File.Exists).SelectMany(ReadLines).TakeLast(MaxLogLines));

    /// <summary>
    /// Sends a signal to the process, or to the given descendant of it, and waits up to 5 s until the process has exited.
    /// </summary>
    public async Task ShutDownAsync(int signal, int? pid = null)
    {
        _ = kill(pid ?? Pid, signal);
        using var timeout = new CancellationTokenSource(ShutdownTimeout);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            // DisposeAsync kills it
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill(_process);
        await Task.WhenAny(_output, Task.Delay(KillTimeout, CancellationToken.None));
        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(
        string file,
        IEnumerable<string> arguments,
        IEnumerable<(string Name, string? Value)> environment,
        string? workingDirectory
    )
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        foreach (var (name, value) in environment)
        {
            if (value is null)
            {
                start.Environment.Remove(name);
            }
            else
            {
                start.Environment[name] = value;
            }
        }

        return start;
    }

    private static void Kill(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        process.WaitForExit(KillTimeout);
    }

    private static async Task CopyAsync(StreamReader source, string path)
    {
        await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 1);
        await source.BaseStream.CopyToAsync(file);
    }

    private static string[] ReadLines(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
