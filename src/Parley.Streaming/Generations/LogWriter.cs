using System.Runtime.InteropServices;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parley.Streaming.Generations.Bus;

namespace Parley.Streaming.Generations;

/// <summary>
/// Group commit: what all generations append while one commit runs goes into the next one. Readers are woken after the commit, never
/// before. So the cost of durability per token falls as load rises, and a single token waits for one small commit.
/// </summary>
public sealed partial class LogWriter(
    IGenerationStore store,
    IGenerationBus bus,
    IOptions<GenerationOptions> options,
    TimeProvider time,
    ILogger<LogWriter> logger
) : BackgroundService
{
    private static readonly TimeSpan MinRetryDelay = TimeSpan.FromMilliseconds(20),
        MaxRetryDelay = TimeSpan.FromSeconds(2);

    // Unbounded, but never longer than the number of running generations: a log is queued at most once. An append to an idle engine gathers
    // the commit on its own thread: a change of threads would cost a single token more than the commit does.
    private readonly Channel<GenerationLog> _queue = Channel.CreateUnbounded<GenerationLog>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true }
    );

    private readonly TimeSpan _spacing = options.Value.CommitSpacing;
    private readonly CommitTimer _timer = new(time);
    private readonly List<GenerationNotice> _notices = [];

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
            var elapsed = time.GetElapsedTime(last);
            if (elapsed < _spacing)
            {
                await _timer.WaitAsync(_spacing - elapsed);
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
                    // Logs that have grown in the meantime do not go through the queue, which may be closed by now.
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

            if (bus.HasPeers)
            {
                Publish(slices, outcomes);
            }

            // The end of an answer ends a request, which may start the next one: that must not run on the store's thread.
            WokenReaders.Dispatch(woken, inline: true);
            WokenReaders.Dispatch(ending, inline: false);
            logs.Clear();
            slices.Clear();
        }

        void Take(GenerationLog log)
        {
            if (log.TryTake(out var slice))
            {
                logs.Add(log);
                slices.Add(slice);
            }
        }
    }

    /// <summary>Tells the other nodes what is committed.</summary>
    private void Publish(List<PendingSlice> slices, AppendOutcome[] outcomes)
    {
        for (var i = 0; i < slices.Count; i++)
        {
            if (outcomes[i] == AppendOutcome.Committed)
            {
                var kind = slices[i].Ended is null ? GenerationNoticeKind.Grown : GenerationNoticeKind.Ended;
                _notices.Add(new GenerationNotice(kind, slices[i].Id, slices[i].End));
            }
        }

        bus.Publish(CollectionsMarshal.AsSpan(_notices));
        _notices.Clear();
    }

    /// <summary>Commits what is queued, then ends. Call it when nothing appends any more.</summary>
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
        _timer.Dispose();
        base.Dispose();
    }

    /// <summary>
    /// Commits, and retries until that succeeds: before it, nothing of it is visible, and the writers wait. Null when the host stops in the
    /// meantime.
    /// </summary>
    private async ValueTask<AppendOutcome[]?> CommitAsync(List<PendingSlice> slices, CancellationToken stoppingToken)
    {
        for (var delay = MinRetryDelay; ; delay = delay * 2 < MaxRetryDelay ? delay * 2 : MaxRetryDelay)
        {
            try
            {
                return await store.AppendAsync(slices, CancellationToken.None);
            }
            catch (Exception exception)
            {
                LogCommitFailed(exception, slices.Count, delay);
                try
                {
                    await Task.Delay(delay, time, stoppingToken);
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
        Message = "This node no longer owns generation {Generation} (epoch {Epoch}, position {Position}): it was adopted by another node, or deleted."
    )]
    private partial void LogFenced(GenerationId generation, int epoch, long position);

    [LoggerMessage(Level = LogLevel.Error, Message = "A commit of {Slices} slices failed; retrying in {Delay}.")]
    private partial void LogCommitFailed(Exception exception, int slices, TimeSpan delay);
}
