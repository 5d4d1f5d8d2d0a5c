using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Parley.EndToEnd;

/// <summary>
/// Runs the clients of <c>tests/clients</c> against one server, each file and version in a process of its own. A few run in parallel from
/// the start, because the tests that wait for their results run one after the other.
/// </summary>
public sealed class ClientSuite : IAsyncLifetime
{
    private const int AtOnce = 3;
    private static readonly string Folder = ServerProcess.Metadata("ClientsFolder");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4),
        InstallPatience = TimeSpan.FromMinutes(5);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private const string Origin = "https://app.example";

    // A heartbeat each second instead of every 15: clients must ignore them, and checks need not wait long for one.
    private readonly ServerProcess _server = new(
        new Dictionary<string, string> { ["Streams__Heartbeat"] = "00:00:01", ["Cors__Origins__0"] = Origin }
    );
    private readonly ConcurrentDictionary<ClientRow, TaskCompletionSource<ClientResult>> _results = new();
    private readonly LinkedList<ClientRow> _waiting = new(Rows);
    private readonly CancellationTokenSource _leaving = new();
    private Task _work = Task.CompletedTask;

    /// <summary>What <c>suite.json</c> lists.</summary>
    public static IReadOnlyList<ClientRow> Rows { get; } = ReadRows();

    /// <summary>The files that have checks.</summary>
    public static IEnumerable<string> Files =>
        Directory.EnumerateFiles(Folder, "*.mjs").Select(file => Path.GetFileName(file)!).Where(file => file != "all.mjs");

    public async ValueTask InitializeAsync()
    {
        var installed = InstallAsync();
        await _server.StartAsync(_leaving.Token);
        await installed;
        _work = Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(WorkAsync)));
    }

    /// <summary>The result of one file and version, which runs next if it has not started.</summary>
    public Task<ClientResult> ResultAsync(ClientRow row, CancellationToken cancellationToken)
    {
        lock (_waiting)
        {
            if (_waiting.Remove(row))
            {
                _waiting.AddFirst(row);
            }
        }

        return ResultOf(row).Task.WaitAsync(cancellationToken);
    }

    /// <summary>The last lines of the server.</summary>
    public string ServerLog => _server.Log;

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _server.DisposeAsync();
        _leaving.Dispose();
    }

    private TaskCompletionSource<ClientResult> ResultOf(ClientRow row) =>
        _results.GetOrAdd(row, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task WorkAsync()
    {
        while (Next() is { } row)
        {
            try
            {
                ResultOf(row).TrySetResult(await RunAsync(row));
            }
            catch (Exception error)
            {
                ResultOf(row).TrySetException(error);
                if (_leaving.IsCancellationRequested)
                {
                    return;
                }
            }
        }
    }

    private ClientRow? Next()
    {
        lock (_waiting)
        {
            var row = _waiting.First?.Value;
            if (row is not null)
            {
                _waiting.RemoveFirst();
            }

            return row;
        }
    }

    private async Task<ClientResult> RunAsync(ClientRow row)
    {
        string[] arguments = row.Version.Length == 0 ? [row.File, "--json"] : [row.File, row.Version, "--json"];
        var (exitCode, output, errors) = await ProcessAsync(
            "node",
            arguments,
            Patience,
            new()
            {
                ["BASE_URL"] = _server.Address.ToString(),
                ["HEARTBEAT"] = "1",
                ["CORS_ORIGIN"] = Origin,
            }
        );
        var lines = output
            .Split('\n')
            .Where(line => line.StartsWith('{'))
            .Select(line => JsonSerializer.Deserialize<ClientCheck>(line, Json)!)
            .ToList();
        return new ClientResult(
            [.. lines.Where(line => line.Outcome != "end")],
            IsWhole: lines.Any(line => line.Outcome == "end"),
            exitCode,
            errors
        );
    }

    /// <summary>Packages are installed when the lock file is newer than what is there.</summary>
    private async Task InstallAsync()
    {
        var stamp = new FileInfo(Path.Combine(Folder, "node_modules", ".package-lock.json"));
        if (stamp.Exists && stamp.LastWriteTimeUtc >= File.GetLastWriteTimeUtc(Path.Combine(Folder, "package-lock.json")))
        {
            return;
        }

        var (exitCode, _, errors) = await ProcessAsync(
            OperatingSystem.IsWindows() ? "npm.cmd" : "npm",
            ["ci", "--engine-strict=false", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"],
            InstallPatience,
            []
        );
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"npm ci failed in tests/clients.\n{errors}");
        }

        File.SetLastWriteTimeUtc(stamp.FullName, TimeProvider.System.GetUtcNow().UtcDateTime);
    }

    private async Task<(int ExitCode, string Output, string Errors)> ProcessAsync(
        string command,
        string[] arguments,
        TimeSpan patience,
        Dictionary<string, string> environment
    )
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_leaving.Token);
        limit.CancelAfter(patience);
        using var process = Start(start);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            if (_leaving.IsCancellationRequested)
            {
                throw;
            }
        }

        return (process.ExitCode, await output, await errors);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new InvalidOperationException("The clients need Node.js 20.19 or newer: https://nodejs.org", error);
        }
    }

    private static ClientRow[] ReadRows()
    {
        using var suite = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "suite.json")));
        return
        [
            .. suite
                .RootElement.EnumerateArray()
                .SelectMany(entry =>
                    entry.TryGetProperty("versions", out var versions)
                        ? versions
                            .EnumerateArray()
                            .Select(version => new ClientRow(entry.GetProperty("file").GetString()!, version.GetString()!))
                        : [new ClientRow(entry.GetProperty("file").GetString()!, "")]
                ),
        ];
    }
}

/// <summary>A file of checks, and the version of the client that it drives; empty where there is one version.</summary>
public sealed record ClientRow(string File, string Version);

/// <summary>
/// One check. <see cref="Outcome"/> is <c>passed</c>, <c>failed</c> or <c>known</c>: failed by the client itself, for the reason in <see
/// cref="Known"/>.
/// </summary>
public sealed record ClientCheck(string Name, string Outcome, string? Known, string? Seen);

/// <summary>What one file reported. <see cref="IsWhole"/>: the file ran to its end.</summary>
public sealed record ClientResult(IReadOnlyList<ClientCheck> Checks, bool IsWhole, int ExitCode, string Errors)
{
    /// <summary>The checks of one outcome.</summary>
    public IReadOnlyList<ClientCheck> Of(string outcome) => [.. Checks.Where(check => check.Outcome == outcome)];
}
