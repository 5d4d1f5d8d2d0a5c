using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parley.Streaming.Generations.Bus;

namespace Parley.Streaming.Generations;

/// <summary>
/// Owns every generation that runs on this node, each as a task of its own. A request only starts one, and then follows it as any other
/// reader does.
/// </summary>
public sealed partial class GenerationRunner : IHostedService, IDisposable
{
    /// <summary>
    /// How long a request to stop a generation of another node waits for its end: longer than it takes until another node adopts the
    /// generation of a dead one.
    /// </summary>
    internal static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    /// <summary>How often such a request is repeated, in case its notice was lost.</summary>
    internal static readonly TimeSpan StopRepeat = TimeSpan.FromSeconds(5);

    private readonly IGenerationStore _store;
    private readonly LogWriter _writer;
    private readonly IGenerationBus _bus;
    private readonly GenerationOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<GenerationRunner> _logger;
    private readonly ConcurrentDictionary<GenerationId, GenerationLog> _logs = new();
    private readonly ConcurrentDictionary<GenerationId, Running> _running = new();
    private readonly ConcurrentDictionary<string, int> _perOwner = new();
    private readonly EndedLogs _ended;
    private readonly CancellationTokenSource _shutdown = new();
    private readonly IDisposable _subscription;
    private int _reserved;

    public GenerationRunner(
        IGenerationStore store,
        LogWriter writer,
        IGenerationBus bus,
        IOptions<GenerationOptions> options,
        TimeProvider time,
        ILogger<GenerationRunner> logger
    )
    {
        (_store, _writer, _bus, _options, _time, _logger) = (store, writer, bus, options.Value, time, logger);
        _ended = new EndedLogs(_options.Linger, time, Forget);
        _subscription = bus.SubscribeToGenerations(Receive);
    }

    /// <summary>Raised after the end of a generation is committed, on the generation's own task.</summary>
    public event Action<GenerationId, GenerationEnded>? Ended;

    /// <summary>Reserves a slot for one more generation of <paramref name="owner"/>, before anything is stored.</summary>
    /// <param name="owner">Who the generation counts against.</param>
    /// <param name="slot">
    /// The slot when the result is <see cref="Admission.Admitted"/>: dispose it, or hand it to <see cref="Start"/>.
    /// </param>
    public Admission TryAdmit(string owner, out GenerationSlot? slot)
    {
        slot = null;
        if (_shutdown.IsCancellationRequested)
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

        slot = new GenerationSlot(Release, owner);
        return Admission.Admitted;
    }

    /// <summary>Starts a generation that the store knows already. Returns its log at once.</summary>
    /// <param name="id">The generation.</param>
    /// <param name="epoch">The epoch under which this node owns it.</param>
    /// <param name="request">What to ask.</param>
    /// <param name="slot">The slot from <see cref="TryAdmit"/>, released when the generation ends; null when none was reserved.</param>
    /// <param name="continues">The log of the answer that this one continues.</param>
    public GenerationLog Start(
        GenerationId id,
        int epoch,
        GenerationRequest request,
        GenerationSlot? slot,
        LogSnapshot? continues = null
    ) => Run(id, epoch, request, slot, LogSnapshot.Empty, continues, continues is null ? null : Seam.Continued);

    /// <summary>Continues a generation whose owner died, from its last position.</summary>
    internal GenerationLog Adopt(AbandonedGeneration abandoned, GenerationRequest request) =>
        abandoned.Log.End > 0
            ? Run(abandoned.Id, abandoned.Epoch, request, null, abandoned.Log, abandoned.Log, Seam.Adopted)
            : Run(
                abandoned.Id,
                abandoned.Epoch,
                request,
                null,
                LogSnapshot.Empty,
                request.Continues,
                request.Continues is null ? null : Seam.Continued
            );

    /// <summary>Ends a generation whose owner died and which cannot be continued. Its text is kept.</summary>
    internal async Task InterruptAsync(AbandonedGeneration abandoned, GenerationError error, CancellationToken cancellationToken)
    {
        var log = new GenerationLog(abandoned.Id, abandoned.Epoch, abandoned.Log, _options, _writer);
        _logs[abandoned.Id] = log;
        RemoteReaders.Wake(abandoned.Id);
        try
        {
            if (log.OpenPart() is not null)
            {
                log.Append(PartClosed.Instance);
            }

            log.Append(new GenerationEnded(GenerationStatus.Interrupted, FinishReasons.Error, Error: error));
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

    /// <summary>Readers of this node that wait for generations of other nodes.</summary>
    internal RemoteReaders RemoteReaders { get; } = new();

    /// <summary>
    /// Asks a generation to stop, on whichever node it runs, and waits for its committed end. Null when there is no such generation, or
    /// when its owner does not stop it in time.
    /// </summary>
    /// <param name="id">The generation.</param>
    /// <param name="seen">The position that the person who stops it has seen; null when it is not known.</param>
    /// <param name="cancellationToken">Ends the wait, not the stopping.</param>
    public async ValueTask<GenerationEnded?> StopAsync(GenerationId id, long? seen, CancellationToken cancellationToken)
    {
        if (_running.TryGetValue(id, out var running))
        {
            running.Generation.Stop(seen);
            return await running.Generation.Log.WhenEndedAsync(cancellationToken);
        }

        if (Find(id)?.Ended is { } ended)
        {
            return ended;
        }

        if (await _store.FindAsync(id, cancellationToken) is not { } record)
        {
            return null;
        }

        return record.Status == GenerationStatus.Running
            ? await StopElsewhereAsync(id, record.End, seen, cancellationToken)
            : await ReadEndAsync(record, cancellationToken);
    }

    /// <summary>
    /// Stops a generation that does not run here: it runs on another node, or is stored and about to run here, or is about to be adopted.
    /// </summary>
    private async ValueTask<GenerationEnded?> StopElsewhereAsync(
        GenerationId id,
        long after,
        long? seen,
        CancellationToken cancellationToken
    )
    {
        var since = _time.GetTimestamp();
        using var reader = Follow(id, after, cancellationToken);
        using var repeat = _time.CreateTimer(static reader => ((LogReader)reader!).Wake(), reader, StopRepeat, StopRepeat);
        PublishStop(id, seen);
        while (_time.GetElapsedTime(since) < StopTimeout)
        {
            while (reader.TryRead(out var slice))
            {
                if (slice.Ended is { } ended)
                {
                    return ended;
                }
            }

            if (reader.State != LogReaderState.Following)
            {
                return await _store.FindAsync(id, cancellationToken) is { } record ? await ReadEndAsync(record, cancellationToken) : null;
            }

            if (_running.TryGetValue(id, out var started))
            {
                started.Generation.Stop(seen);
                return await started.Generation.Log.WhenEndedAsync(cancellationToken);
            }

            if (!await reader.WaitAsync())
            {
                PublishStop(id, seen);
            }
        }

        return null;
    }

    private async ValueTask<GenerationEnded?> ReadEndAsync(GenerationRecord record, CancellationToken cancellationToken) =>
        record.Status == GenerationStatus.Running ? null : (await _store.ReadAsync(record.Id, record.End - 1, 1, cancellationToken))?.Ended;

    /// <summary>Ends the work on a generation that was deleted: its provider is no longer read, and its readers are lost.</summary>
    public void Discard(GenerationId id)
    {
        if (_running.TryGetValue(id, out var running))
        {
            running.Generation.Stop(null);
        }

        RemoteReaders.Wake(id);
        if (_bus.HasPeers)
        {
            PublishStop(id, null);
        }
    }

    private void PublishStop(GenerationId id, long? seen) =>
        _bus.Publish([new GenerationNotice(GenerationNoticeKind.StopRequested, id, seen)]);

    private void Receive(GenerationNotice notice)
    {
        if (notice.Kind == GenerationNoticeKind.StopRequested && _running.TryGetValue(notice.Id, out var running))
        {
            running.Generation.Stop(notice.Position);
        }

        // Also after a request to stop, since the generation may have been deleted.
        RemoteReaders.Wake(notice.Id);
    }

    /// <summary>Follows a generation from a position on. <see cref="CheckAsync"/> says whether a client's position may be used.</summary>
    public LogReader Follow(GenerationId id, long after, CancellationToken cancellationToken) =>
        new(id, after, this, _store, _options, _time, cancellationToken);

    /// <summary>Whether a reader may continue from position <paramref name="after"/> of this generation.</summary>
    public async ValueTask<PositionCheck> CheckAsync(GenerationId id, long after, CancellationToken cancellationToken)
    {
        if (Find(id) is { } log && log.IsBoundary(after) is { } isBoundary)
        {
            if (!isBoundary)
            {
                return after < 0 || after > log.Durable ? PositionCheck.Beyond : PositionCheck.InsideCharacter;
            }

            return log.Ended is not null && after == log.Durable ? PositionCheck.AtEnd : PositionCheck.Good;
        }

        if (await _store.FindAsync(id, cancellationToken) is not { } record)
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

        var before = await _store.ReadAsync(id, after - 1, 2, cancellationToken);
        return before is { Bytes.Length: > 1 } slice && !LogSlice.IsBoundary(slice.Bytes.Span[1])
            ? PositionCheck.InsideCharacter
            : PositionCheck.Good;
    }

    private GenerationLog Run(
        GenerationId id,
        int epoch,
        GenerationRequest request,
        GenerationSlot? slot,
        LogSnapshot committed,
        LogSnapshot? prefix,
        string? seamReason
    )
    {
        var log = new GenerationLog(id, epoch, committed, _options, _writer);
        var generation = new RunningGeneration(log, request, _options, _time, _shutdown.Token);
        _logs[id] = log;

        // In the table before it can end. It runs on this thread until it first waits, which is for the provider.
        var running = new Running(generation);
        _running[id] = running;
        RemoteReaders.Wake(id);
        _ = RunAsync(running, prefix, seamReason, slot);
        return log;
    }

    private async Task RunAsync(Running running, LogSnapshot? prefix, string? seamReason, GenerationSlot? slot)
    {
        var generation = running.Generation;
        var id = generation.Log.Id;
        GenerationEnded? end = null;
        try
        {
            end = await generation.RunAsync(prefix, seamReason, slot);
        }
        catch (Exception exception)
        {
            LogBroken(exception, id);
            end = await EndBrokenAsync(generation.Log);
        }
        finally
        {
            // This node may have adopted the generation again in the meantime: only this run is removed.
            _running.TryRemove(KeyValuePair.Create(id, running));
            generation.Dispose();
            slot?.Dispose();
            running.Complete();
        }

        if (end is null)
        {
            Forget(generation.Log);
            return;
        }

        LogEnded(id, end.Status, end.FinishReason, generation.Log.Durable);
        Announce(id, end);
        _ended.Add(generation.Log);
    }

    /// <summary>A bug in the engine or in a provider still ends the log: no reader waits without end.</summary>
    private static async ValueTask<GenerationEnded?> EndBrokenAsync(GenerationLog log)
    {
        if (log.OpenPart() is not null)
        {
            log.Append(PartClosed.Instance);
        }

        const string Message = "Something went wrong on the server. What came is kept; you can try again.";
        var error = new GenerationError(FailureCodes.InternalError, Message, Retryable: true);
        log.Append(new GenerationEnded(GenerationStatus.Failed, FinishReasons.Error, Error: error));
        return await log.WhenEndedAsync(CancellationToken.None);
    }

    /// <summary>Raises <see cref="Ended"/>. A listener that fails affects neither the generation nor the other listeners.</summary>
    private void Announce(GenerationId id, GenerationEnded end)
    {
        foreach (var listener in Delegate.EnumerateInvocationList(Ended))
        {
            try
            {
                listener(id, end);
            }
            catch (Exception exception)
            {
                LogListenerFailed(exception, id);
            }
        }
    }

    private void Forget(GenerationLog log) => _logs.TryRemove(KeyValuePair.Create(log.Id, log));

    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Leaves every running generation as it is: its log stays open, for the node that adopts it.</summary>
    async Task IHostedService.StopAsync(CancellationToken cancellationToken)
    {
        await _shutdown.CancelAsync();
        var all = Task.WhenAll(_running.Values.Select(running => running.Completion));
        await all.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Release(string owner)
    {
        Interlocked.Decrement(ref _reserved);
        while (_perOwner.TryGetValue(owner, out var count))
        {
            if (count > 1 ? _perOwner.TryUpdate(owner, count - 1, count) : _perOwner.TryRemove(KeyValuePair.Create(owner, count)))
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _ended.Dispose();
        _shutdown.Dispose();
    }

    /// <summary>A running generation, and the completion of its task.</summary>
    private sealed class Running(RunningGeneration generation)
    {
        private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public RunningGeneration Generation { get; } = generation;

        public Task Completion => _completion.Task;

        public void Complete() => _completion.TrySetResult();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Generation {Generation} failed unexpectedly; it ends as failed.")]
    private partial void LogBroken(Exception exception, GenerationId generation);

    [LoggerMessage(Level = LogLevel.Error, Message = "A listener to the end of generation {Generation} failed.")]
    private partial void LogListenerFailed(Exception exception, GenerationId generation);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Generation {Generation} ended: {Status}, {FinishReason}, at {Position}.")]
    private partial void LogEnded(GenerationId generation, GenerationStatus status, string finishReason, long position);
}
