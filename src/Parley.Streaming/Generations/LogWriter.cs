using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Parley.Streaming.Generations;

/// <summary>
/// Group commit: while one commit runs, what all generations append gathers for the next. Readers are woken after it, never before.
/// So the cost of durability falls as load rises, and a lone token waits for one small commit.
/// </summary>
public sealed partial class LogWriter(
    IGenerationStore store,
    IOptions<GenerationOptions> options,
    TimeProvider time,
    ILogger<LogWriter> logger
) : BackgroundService
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(20),
        LastRetry = TimeSpan.FromSeconds(2);

    // Unbounded, yet never longer than there are running generations: a log is in it at most once. Whoever appends to an idle engine gathers the commit itself:
    // a change of threads would cost a lone token more than the commit does.
    private readonly Channel<GenerationLog> _queue = Channel.CreateUnbounded<GenerationLog>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true }
    );
    private readonly TimeSpan _spacing = options.Value.CommitSpacing;
    private readonly Pacer _pacer = new(time);

    internal void Enqueue(GenerationLog log) => _queue.Writer.TryWrite(log);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<GenerationLog> logs = [];
        List<PendingSlice> slices = [];
        List<GenerationLog> grown = [];
        List<LogReader> woken = [],
            ending = [];
        var last = time.GetTimestamp();
        while (grown.Count > 0 || await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var since = time.GetElapsedTime(last);
            if (since < _spacing)
            {
                await _pacer.WaitAsync(_spacing - since);
            }

            last = time.GetTimestamp();
            foreach (var log in grown)
            {
                Take(log);
            }

            grown.Clear();
            while (_queue.Reader.TryRead(out var log))
            {
                Take(log);
            }

            if (slices.Count == 0)
            {
                continue;
            }

            if (await CommitAsync(slices, stoppingToken) is not { } outcomes)
            {
                return;
            }

            for (var i = 0; i < logs.Count; i++)
            {
                if (outcomes[i] == AppendOutcome.Committed)
                {
                    // Not through the queue: that may be closed by now.
                    if (logs[i].Committed(slices[i].Ended is null ? woken : ending))
                    {
                        grown.Add(logs[i]);
                    }
                }
                else
                {
                    LogFenced(logs[i].Id, slices[i].Epoch, slices[i].Start);
                    logs[i].Fence(ending);
                }
            }

            // The end of an answer is the end of a request, which may go on to the next one: not on the store's thread.
            WokenReaders.Dispatch(woken, here: true);
            WokenReaders.Dispatch(ending, here: false);
            logs.Clear();
            slices.Clear();
        }

        void Take(GenerationLog log)
        {
            if (!log.TryTake(out var slice))
            {
                return;
            }

            logs.Add(log);
            slices.Add(slice);
        }
    }

    /// <summary>Lets what is queued be committed, then ends. Call it when nothing appends any more.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        if (ExecuteTask is { } task)
        {
            await task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _pacer.Dispose();
        base.Dispose();
    }

    /// <summary>Commits, however often it takes: until then nothing of it is visible, and its writers wait. Null when the host stops meanwhile.</summary>
    private async ValueTask<AppendOutcome[]?> CommitAsync(List<PendingSlice> slices, CancellationToken stoppingToken)
    {
        for (var pause = FirstRetry; ; pause = pause * 2 < LastRetry ? pause * 2 : LastRetry)
        {
            try
            {
                return await store.AppendAsync(slices, CancellationToken.None);
            }
            catch (Exception error)
            {
                LogCommitFailed(error, slices.Count, pause);
                try
                {
                    await Task.Delay(pause, time, stoppingToken);
                }
                catch (OperationCanceledException)
                {
                    return null;
                }
            }
        }
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Generation {Generation} is no longer this node's to write (epoch {Epoch}, position {Position}): adopted elsewhere, or deleted."
    )]
    private partial void LogFenced(GenerationId generation, int epoch, long position);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "A commit of {Slices} slices failed. Nothing of it is visible; trying again in {Pause}."
    )]
    private partial void LogCommitFailed(Exception error, int slices, TimeSpan pause);
}
