using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Parley.EndToEnd;

/// <summary>
/// The real server as a process of its own, with a data folder that outlives it: started, killed and started again on the same port.
/// </summary>
public sealed partial class ServerProcess : IAsyncDisposable
{
    private const int LinesKept = 150,
        SigTerm = 15;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private readonly Dictionary<string, string> _environment;
    private readonly Queue<string> _lines = new();
    private readonly Lock _gate = new();
    private readonly HttpClient _probe;
    private TaskCompletionSource<int> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;
    private volatile int _cuts;

    public ServerProcess(IReadOnlyDictionary<string, string>? settings = null, string? folder = null)
    {
        Folder = folder ?? Directory.CreateTempSubdirectory("parley-e2e-").FullName;
        OwnsFolder = folder is null;
        Address = new Uri($"http://127.0.0.1:{FreePort()}");
        _probe = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(5) };
        _environment = new Dictionary<string, string>
        {
            ["PARLEY_DATA"] = Folder,
            ["ASPNETCORE_URLS"] = Address.ToString(),
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["Generations__MaxActivePerOwner"] = "5000",
            ["Logging__LogLevel__Default"] = "Information",
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            _environment[name] = value;
        }
    }

    public Uri Address { get; }

    public string Folder { get; }

    /// <summary>Keeps the data folder, for an analysis of a failure.</summary>
    public bool KeepFolder { get; set; }

    private bool OwnsFolder { get; }

    public string DatabaseFile => Path.Combine(Folder, "parley.db");

    /// <summary>
    /// How often the process was ended on purpose. It counts up before the signal is sent, so a reader that sees its connection cut finds
    /// it changed.
    /// </summary>
    public int Cuts => _cuts;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>What it wrote last.</summary>
    public string Log
    {
        get
        {
            lock (_gate)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    /// <summary>
    /// Completes when the server takes requests, at once when it does, with <see cref="Cuts"/> as it was then: while that stays, this
    /// process runs.
    /// </summary>
    public Task<int> WhenReadyAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _ready.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Starts the process; does not wait until it is ready.</summary>
    public void Launch()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Metadata("ServerProject"),
        };
        start.ArgumentList.Add(
            Path.Combine(Environment.GetEnvironmentVariable("PARLEY_SERVER_FOLDER") ?? Metadata("ServerFolder"), "parley.dll")
        );
        start.Environment.Remove("DATABASE_URL");
        foreach (var (name, value) in _environment)
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Launch();
        var started = Stopwatch.GetTimestamp();
        while (!await IsReadyAsync(cancellationToken))
        {
            if (!IsRunning)
            {
                throw new InvalidOperationException($"The server ended while it started, with exit code {_process!.ExitCode}.\n{Log}");
            }

            if (Stopwatch.GetElapsedTime(started) > StartLimit)
            {
                throw new TimeoutException($"The server was not ready within {StartLimit}.\n{Log}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(15), TimeProvider.System, cancellationToken);
        }

        lock (_gate)
        {
            _ready.TrySetResult(_cuts);
        }
    }

    /// <summary>SIGKILL. Returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        BeginCut();
        _process!.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>SIGTERM. Returns the exit code when the process has left by itself.</summary>
    public async Task<int> TerminateAsync(TimeSpan limit)
    {
        BeginCut();
        if (SendSignal(_process!.Id, SigTerm) != 0)
        {
            throw new InvalidOperationException("The signal could not be sent.");
        }

        using var patience = new CancellationTokenSource(limit);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    /// <summary>Waits until a process that ends by itself has ended, and returns its exit code.</summary>
    public async Task<int> WhenExitedAsync(TimeSpan limit)
    {
        using var patience = new CancellationTokenSource(limit);
        await _process!.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            if (!_process.HasExited)
            {
                await KillAsync();
            }

            _process.Dispose();
        }

        _probe.Dispose();
        if (OwnsFolder && !KeepFolder)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private void BeginCut()
    {
        lock (_gate)
        {
            _cuts++;
            if (_ready.Task.IsCompleted)
            {
                _ready = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _probe.GetAsync("/health/ready", cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > LinesKept)
            {
                _lines.Dequeue();
            }
        }
    }

    internal static string Metadata(string key) =>
        typeof(ServerProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
