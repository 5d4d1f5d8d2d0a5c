using System.Diagnostics;

namespace Parley.EndToEnd;

/// <summary>A test that starts servers. When it fails, what they wrote is printed and their folders are kept.</summary>
public abstract class ServerTests : IAsyncDisposable
{
    private readonly List<ServerProcess> _servers = [];

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A server that is not started yet.</summary>
    protected ServerProcess NewServer(IReadOnlyDictionary<string, string>? settings = null, string? folder = null)
    {
        _servers.Add(new ServerProcess(settings, folder));
        return _servers[^1];
    }

    protected async Task<ServerProcess> StartServerAsync(IReadOnlyDictionary<string, string>? settings = null)
    {
        var server = NewServer(settings);
        await server.StartAsync(Token);
        return server;
    }

    /// <summary>Waits for something that nothing signals. Time counts only as a bound.</summary>
    /// <param name="what">What is awaited, for the message of the exception.</param>
    protected static async Task UntilAsync(string what, TimeSpan limit, Func<Task<bool>> isSo)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            if (Stopwatch.GetElapsedTime(began) > limit)
            {
                throw new TimeoutException($"Waited {limit.TotalSeconds} s in vain: {what}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        var failed = TestContext.Current.TestState?.Result == TestResult.Failed;
        foreach (var server in _servers.AsEnumerable().Reverse())
        {
            server.KeepFolder = failed;
            await server.DisposeAsync();
            if (failed)
            {
                TestContext.Current.TestOutputHelper?.WriteLine(
                    $"The last lines of the server, whose data is in {server.Folder}:\n{server.Log}"
                );
            }
        }
    }
}
