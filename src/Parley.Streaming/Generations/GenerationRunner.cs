using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Parley.Streaming.Generations;

/// <summary>
/// Owns every generation that runs on this node, each as a task of its own: a request only starts one and then follows it like
/// anybody else.
/// </summary>
public sealed partial class GenerationRunner(
    IGenerationStore store,
    LogWriter writer,
    IOptions<GenerationOptions> options,
    TimeProvider time,
    ILogger<GenerationRunner> logger
) : IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<GenerationId, GenerationLog> _logs = new();
    private readonly ConcurrentDictionary<GenerationId, Running> _running = new();
    private readonly ConcurrentDictionary<string, int> _perOwner = new();
    private readonly CancellationTokenSource _leaving = new();
    private readonly GenerationOptions _options = options.Value;
    private int _reserved;

    /// <summary>Raised after the end of a generation is committed, on the generation's own task.</summary>
    public event Action<GenerationId, GenerationEnded>? Ended;

    /// <summary>How many generations run here now.</summary>
    public int ActiveCount => _running.Count;

    /// <summary>Takes a place for one more generation of <paramref name="owner"/>, before anything is stored. Dispose it, or hand it to <see cref="Start"/>.</summary>
    public Admission TryAdmit(string owner, out IDisposable? place)
    {
        place = null;
        if (_leaving.IsCancellationRequested)
        {
            return Admission.NodeLeaving;
        }

        if (Interlocked.Increment(ref _reserved) > _options.MaxActive)
        {
            Interlocked.Decrement(ref _reserved);
            return Admission.NodeFull;
        }

        if (_perOwner.AddOrUpdate(owner, 1, static (_, count) => count + 1) > _options.MaxActivePerOwner)
        {
            Release(owner);
            return Admission.OwnerFull;
        }

        place = new Place(this, owner);
        return Admission.Admitted;
    }

    /// <summary>Starts a generation that the store knows already. Returns its log at once.</summary>
    /// <param name="id">The generation.</param>
    /// <param name="epoch">The epoch under which this node owns it.</param>
    /// <param name="request">What to ask.</param>
    /// <param name="place">What <see cref="TryAdmit"/> gave; released when the generation ends.</param>
    /// <param name="continues">The log of the answer that this one goes on with.</param>
    public GenerationLog Start(GenerationId id, int epoch, GenerationRequest request, IDisposable? place, FoldedLog? continues = null) =>
        Run(id, epoch, request, place, FoldedLog.Empty, continues, continues is null ? null : Seam.Continued, _options.Deadline);

    /// <summary>Goes on with a generation whose owner died, from its last position.</summary>
    internal GenerationLog Adopt(AbandonedGeneration abandoned, GenerationRequest request) =>
        abandoned.Log.End > 0
            ? Run(abandoned.Id, abandoned.Epoch, request, null, abandoned.Log, abandoned.Log, Seam.Adopted, _options.Deadline)
            : Run(
                abandoned.Id,
                abandoned.Epoch,
                request,
                null,
                FoldedLog.Empty,
                request.Continues,
                request.Continues is null ? null : Seam.Continued,
                _options.Deadline
            );

    /// <summary>Ends a generation whose owner died and that nobody can go on with. Its text is kept.</summary>
    internal async Task InterruptAsync(AbandonedGeneration abandoned, GenerationError error, CancellationToken cancellationToken)
    {
        var log = new GenerationLog(abandoned.Id, abandoned.Epoch, abandoned.Log, _options, writer);
        _logs[abandoned.Id] = log;
        try
        {
            if (log.OpenPart() is not null)
            {
                log.Append(PartClosed.Instance);
            }

            log.Append(new GenerationEnded(GenerationStatus.Interrupted, "error", Error: error));
            if (await log.WhenEndedAsync(cancellationToken) is { } end)
            {
                Announce(abandoned.Id, end);
            }
        }
        finally
        {
            Forget(log);
        }
    }

    /// <summary>The log of a generation that runs here, or ended here a moment ago; otherwise null.</summary>
    public GenerationLog? Find(GenerationId id) => _logs.GetValueOrDefault(id);

    /// <summary>Asks a generation that runs here to stop, and waits for its committed end. Null when it does not run here.</summary>
    /// <param name="id">The generation.</param>
    /// <param name="seen">The position that the viewer has seen.</param>
    /// <param name="cancellationToken">Ends the waiting, not the stopping.</param>
    public async ValueTask<GenerationEnded?> StopAsync(GenerationId id, long? seen, CancellationToken cancellationToken)
    {
        if (!_running.TryGetValue(id, out var running))
        {
            return Find(id)?.Ended;
        }

        running.Generation.Stop(seen);
        return await running.Generation.Log.WhenEndedAsync(cancellationToken);
    }

    /// <summary>Ends the work on a generation that was deleted: its provider is no longer read. Its log takes nothing more.</summary>
    public void Discard(GenerationId id)
    {
        if (_running.TryGetValue(id, out var running))
        {
            running.Generation.Stop(null);
        }
    }

    /// <summary>Follows a generation from a position on. The position must be one that <see cref="CheckAsync"/> found good.</summary>
    public LogReader Follow(GenerationId id, long after, CancellationToken cancellationToken) =>
        new(id, after, this, store, _options, time, cancellationToken);

    /// <summary>Whether <paramref name="after"/> is a position of this generation that a reader may go on from.</summary>
    public async ValueTask<PositionCheck> CheckAsync(GenerationId id, long after, CancellationToken cancellationToken)
    {
        if (Find(id) is { } log && log.IsBoundary(after) is { } known)
        {
            if (!known)
            {
                return after < 0 || after > log.Durable ? PositionCheck.Beyond : PositionCheck.InsideCharacter;
            }

            return log.Ended is not null && after == log.Durable ? PositionCheck.AtEnd : PositionCheck.Good;
        }

        if (await store.FindAsync(id, cancellationToken) is not { } record)
        {
            return PositionCheck.Unknown;
        }

        if (after > record.End || after < 0)
        {
            return PositionCheck.Beyond;
        }

        if (after == record.End)
        {
            return record.Status == GenerationStatus.Running ? PositionCheck.Good : PositionCheck.AtEnd;
        }

        if (after == 0)
        {
            return PositionCheck.Good;
        }

        var before = await store.ReadAsync(id, after - 1, 2, cancellationToken);
        return before is { Bytes.Length: > 1 } slice && !LogSlice.IsBoundary(slice.Bytes.Span[1])
            ? PositionCheck.InsideCharacter
            : PositionCheck.Good;
    }

    private GenerationLog Run(
        GenerationId id,
        int epoch,
        GenerationRequest request,
        IDisposable? place,
        FoldedLog committed,
        FoldedLog? prefix,
        string? seamReason,
        TimeSpan timeLeft
    )
    {
        var log = new GenerationLog(id, epoch, committed, _options, writer);
        var generation = new RunningGeneration(log, request, _options, timeLeft, time, _leaving.Token);
        _logs[id] = log;

        // In the table before it can end. It runs on this thread until it first waits, which is for the provider.
        var running = new Running(generation);
        _running[id] = running;
        _ = RunAsync(running, prefix, seamReason, place);
        return log;
    }

    private async Task RunAsync(Running running, FoldedLog? prefix, string? seamReason, IDisposable? place)
    {
        var generation = running.Generation;
        var id = generation.Log.Id;
        GenerationEnded? end = null;
        try
        {
            end = await generation.RunAsync(prefix, seamReason, place);
        }
        catch (Exception error)
        {
            LogBroken(error, id);
            end = await EndBrokenAsync(generation.Log);
        }
        finally
        {
            // This node may have adopted the generation again meanwhile: what runs then is not ours to remove.
            _running.TryRemove(KeyValuePair.Create(id, running));
            generation.Dispose();
            place?.Dispose();
            running.Over();
        }

        if (end is null)
        {
            Forget(generation.Log);
            return;
        }

        LogEnded(id, end.Status, end.FinishReason, generation.Log.Durable);
        Announce(id, end);
        await ForgetLaterAsync(generation.Log);
    }

    /// <summary>A bug in the engine or in a provider still ends the log: no reader waits for ever.</summary>
    private static async ValueTask<GenerationEnded?> EndBrokenAsync(GenerationLog log)
    {
        if (log.OpenPart() is not null)
        {
            log.Append(PartClosed.Instance);
        }

        log.Append(
            new GenerationEnded(
                GenerationStatus.Failed,
                "error",
                Error: new GenerationError(
                    "internal_error",
                    "Something went wrong on the server. What came is kept; you can try again.",
                    Retryable: true
                )
            )
        );
        return await log.WhenEndedAsync(CancellationToken.None);
    }

    /// <summary>A listener that fails changes nothing for the generation, nor for the other listeners.</summary>
    private void Announce(GenerationId id, GenerationEnded end)
    {
        foreach (var listener in Delegate.EnumerateInvocationList(Ended))
        {
            try
            {
                listener(id, end);
            }
            catch (Exception error)
            {
                LogListenerFailed(error, id);
            }
        }
    }

    private async Task ForgetLaterAsync(GenerationLog log)
    {
        try
        {
            await Task.Delay(_options.Linger, time, _leaving.Token);
        }
        catch (OperationCanceledException)
        {
            // Leaving: nobody reads from this node any more.
        }

        Forget(log);
    }

    private void Forget(GenerationLog log) => _logs.TryRemove(KeyValuePair.Create(log.Id, log));

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Leaves every running generation as it is: its log stays open, for the node that adopts it.</summary>
    async Task IHostedService.StopAsync(CancellationToken cancellationToken)
    {
        await _leaving.CancelAsync();
        await Task.WhenAll(_running.Values.Select(running => running.Done))
            .WaitAsync(cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Release(string owner)
    {
        Interlocked.Decrement(ref _reserved);
        while (_perOwner.TryGetValue(owner, out var count))
        {
            if (count > 1 ? _perOwner.TryUpdate(owner, count - 1, count) : _perOwner.TryRemove(new KeyValuePair<string, int>(owner, count)))
            {
                return;
            }
        }
    }

    public void Dispose() => _leaving.Dispose();

    /// <summary>A generation at work, and the promise that its task is over.</summary>
    private sealed class Running(RunningGeneration generation)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public RunningGeneration Generation { get; } = generation;

        public Task Done => _done.Task;

        public void Over() => _done.TrySetResult();
    }

    private sealed class Place(GenerationRunner runner, string owner) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                runner.Release(owner);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Generation {Generation} broke; it ends as failed.")]
    private partial void LogBroken(Exception error, GenerationId generation);

    [LoggerMessage(Level = LogLevel.Error, Message = "A listener to the end of generation {Generation} failed.")]
    private partial void LogListenerFailed(Exception error, GenerationId generation);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Generation {Generation} ended: {Status}, {FinishReason}, at {Position}.")]
    private partial void LogEnded(GenerationId generation, GenerationStatus status, string finishReason, long position);
}

/// <summary>Whether one more generation may start.</summary>
public enum Admission
{
    /// <summary>It may.</summary>
    Admitted,

    /// <summary>This node runs as many as it may.</summary>
    NodeFull,

    /// <summary>Its owner has as many running as they may.</summary>
    OwnerFull,

    /// <summary>This node shuts down.</summary>
    NodeLeaving,
}

/// <summary>What a cursor is good for.</summary>
public enum PositionCheck
{
    /// <summary>There is no such generation.</summary>
    Unknown,

    /// <summary>A reader may go on from it.</summary>
    Good,

    /// <summary>It is the end of a generation that has ended.</summary>
    AtEnd,

    /// <summary>The log is not that long.</summary>
    Beyond,

    /// <summary>It is inside a character.</summary>
    InsideCharacter,
}
