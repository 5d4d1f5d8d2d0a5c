using System.Text.Json;
using Microsoft.Playwright;

namespace Parley.EndToEnd;

/// <summary>The tasks of a page's main thread, as the browser traces them.</summary>
public sealed class MainThreadTrace
{
    private readonly ICDPSession _session;
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(string Thread, double Milliseconds, double Cpu)> _tasks = [];
    private readonly HashSet<string> _mainThreads = [];

    private MainThreadTrace(ICDPSession session) => _session = session;

    public static async Task<MainThreadTrace> StartAsync(IPage page)
    {
        var trace = new MainThreadTrace(await page.Context.NewCDPSessionAsync(page));
        trace._session.Event("Tracing.dataCollected").OnEvent += (_, data) => trace.Add(data!.Value);
        trace._session.Event("Tracing.tracingComplete").OnEvent += (_, _) => trace._complete.TrySetResult();
        await trace._session.SendAsync(
            "Tracing.start",
            new Dictionary<string, object> { ["categories"] = "toplevel", ["transferMode"] = "ReportEvents" }
        );
        return trace;
    }

    /// <summary>Ends it: each task's length, and how long of that the thread really ran.</summary>
    public async Task<IReadOnlyList<(double Milliseconds, double Cpu)>> StopAsync()
    {
        await _session.SendAsync("Tracing.end");
        await _complete.Task.WaitAsync(TimeSpan.FromSeconds(60));
        return [.. _tasks.Where(task => _mainThreads.Contains(task.Thread)).Select(task => (task.Milliseconds, task.Cpu))];
    }

    private void Add(JsonElement data)
    {
        foreach (var entry in data.GetProperty("value").EnumerateArray())
        {
            var name = entry.GetProperty("name").GetString()!;
            var thread = $"{entry.GetProperty("pid")}:{entry.GetProperty("tid")}";
            if (name == "thread_name" && entry.GetProperty("args").GetProperty("name").GetString() == "CrRendererMain")
            {
                _mainThreads.Add(thread);
            }

            if (
                name.EndsWith("RunTask", StringComparison.Ordinal)
                && entry.TryGetProperty("dur", out var length)
                && entry.TryGetProperty("tdur", out var cpu)
            )
            {
                _tasks.Add((thread, length.GetDouble() / 1000, cpu.GetDouble() / 1000));
            }
        }
    }
}
