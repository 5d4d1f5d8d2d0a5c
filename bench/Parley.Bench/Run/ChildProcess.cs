using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Parley.Bench;

/// <summary>A process that the bench started, with its output in a file, and that is gone when this is disposed.</summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    public const int Interrupt = 2;

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

    public static ChildProcess Start(
        string file,
        IEnumerable<string> arguments,
        string log,
        IEnumerable<(string Name, string Value)> environment,
        string? folder = null
    )
    {
        var start = Describe(file, arguments, environment, folder);
        return new ChildProcess(Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start."), log);
    }

    /// <summary>Runs a program to its end and returns what it printed.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(
        string file,
        IEnumerable<string> arguments,
        CancellationToken cancel,
        IEnumerable<(string Name, string Value)>? environment = null,
        string? folder = null
    )
    {
        using var process = Process.Start(Describe(file, arguments, environment ?? [], folder))
            ?? throw new InvalidOperationException($"{file} did not start.");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancel);
            var errors = process.StandardError.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            Kill(process);
        }
    }

    /// <summary>The last lines that it wrote, to tell why it failed.</summary>
    public string LastWords() => string.Join('\n', new[] { _log, _log + ".err" }.Where(File.Exists).SelectMany(ReadShared).TakeLast(15));

    /// <summary>Asks it (or the one of its descendants that is named) to end, and gives it a moment.</summary>
    public async Task AskToEndAsync(int signal, int? pid = null)
    {
        _ = kill(pid ?? Pid, signal);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // killed by DisposeAsync
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill(_process);
        await Task.WhenAny(_output, Task.Delay(TimeSpan.FromSeconds(2), CancellationToken.None));
        _process.Dispose();
    }

    private static ProcessStartInfo Describe(
        string file,
        IEnumerable<string> arguments,
        IEnumerable<(string Name, string Value)> environment,
        string? folder
    )
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static void Kill(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        process.WaitForExit(2000);
    }

    private static async Task CopyAsync(StreamReader from, string path)
    {
        await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 1);
        await from.BaseStream.CopyToAsync(file);
    }

    private static List<string> ReadShared(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
