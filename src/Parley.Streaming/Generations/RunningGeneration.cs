using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Generations;

/// <summary>One running generation: asks the model, appends what arrives, and ends the log exactly once.</summary>
internal sealed class RunningGeneration : IDisposable
{
    private readonly GenerationLog _log;
    private readonly GenerationRequest _request;
    private readonly GenerationOptions _options;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _cancel;
    private readonly CancellationToken _shutdown;
    private readonly PartAppender _parts;
    private readonly Lock _gate = new();
    private bool _stopRequested,
        _disposed,
        _adoptedContent;
    private long? _stopAt;

    /// <param name="log">The log to write.</param>
    /// <param name="request">What to ask.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="time">The clock.</param>
    /// <param name="shutdown">The node shuts down: the log is left as it is, for the node that adopts it.</param>
    public RunningGeneration(
        GenerationLog log,
        GenerationRequest request,
        GenerationOptions options,
        TimeProvider time,
        CancellationToken shutdown
    )
    {
        (_log, _request, _options, _shutdown) = (log, request, options, shutdown);
        _deadline = new CancellationTokenSource(options.Deadline, time);
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, shutdown);
        _parts = new PartAppender(log);
        log.OnFenced = Cancel;
    }

    /// <summary>The log that it writes.</summary>
    public GenerationLog Log => _log;

    /// <summary>Asks it to stop. Only the first request counts.</summary>
    /// <param name="seen">The position that the person who stopped it had seen; null when it is not known.</param>
    public void Stop(long? seen)
    {
        lock (_gate)
        {
            if (_stopRequested)
            {
                return;
            }

            _stopRequested = true;
            _stopAt = seen;
            _cancel.CancelAsync();
        }
    }

    /// <summary>Runs to the end and returns it, or null when the node shuts down or the writer was fenced.</summary>
    /// <param name="prefix">
    /// The log with which the answer begins: that of the generation that this one continues, or that of the attempt that it adopts.
    /// </param>
    /// <param name="seamReason">Why there is a prefix, as <see cref="Seam.Reason"/>; null when there is none.</param>
    /// <param name="slot">Released before the end is committed, so that a client which has seen the end finds the slot free.</param>
    public async Task<GenerationEnded?> RunAsync(LogSnapshot? prefix, string? seamReason, GenerationSlot? slot)
    {
        var messages = _request.Messages;
        if (prefix is not null && seamReason is not null)
        {
            if (seamReason == Seam.Continued)
            {
                _log.Append(prefix);
            }

            var lastPart = LastPart(prefix);
            _parts.Seam(seamReason, _request.Model, (prefix.OpenPartAt(prefix.End) ?? lastPart)?.Part);
            _adoptedContent = seamReason == Seam.Adopted && lastPart is not null;
            messages = Continuation.Of(_request, prefix);
        }

        var end = await AskAsync(messages);
        if (end is null)
        {
            await _log.WhenDurableAsync(CancellationToken.None);
            return null;
        }

        _parts.Close();
        slot?.Dispose();
        _log.Append(end);
        return await _log.WhenEndedAsync(CancellationToken.None);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            // A later call of Stop must not find a disposed source.
            _stopRequested = _disposed = true;
        }

        // The log stays in memory for a while; this must not.
        _log.OnFenced = null;
        _cancel.Dispose();
        _deadline.Dispose();
    }

    private void Cancel()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _cancel.CancelAsync();
            }
        }
    }

    private static PartOpened? LastPart(LogSnapshot log) =>
        log.Controls.Select(control => control.Entry).OfType<PartOpened>().LastOrDefault();

    /// <summary>Appends the model's answer as it arrives. Null: the node shuts down, or the writer was fenced.</summary>
    private async Task<GenerationEnded?> AskAsync(IReadOnlyList<ChatMessage> messages)
    {
        var finish = ChatFinishReason.Stop;
        GenerationUsage? usage = null;
        var hasCall = false;
        try
        {
            var updates = _request.Client.GetStreamingResponseAsync(messages, _request.Options, _cancel.Token);
            await foreach (var update in updates.WithCancellation(_cancel.Token))
            {
                if (update.FinishReason is { } reason)
                {
                    finish = reason;
                }

                // Not foreach: the enumerator of an IList would be allocated for every token.
                var contents = update.Contents;
                for (var i = 0; i < contents.Count; i++)
                {
                    var content = contents[i];
                    if (content is UsageContent { Details: { } details })
                    {
                        usage = Usage(details);
                    }
                    else
                    {
                        _parts.Append(content);
                    }

                    hasCall |= content is ToolCallStarted;
                }

                if (_log.End > _options.MaxAnswerBytes || _log.ControlCount > _options.MaxControls)
                {
                    return new GenerationEnded(GenerationStatus.Completed, FinishReasons.Length, usage);
                }

                await _log.WhenRoomAsync(_cancel.Token);
                _cancel.Token.ThrowIfCancellationRequested();
            }

            // The owner may have died when all but the end had been written: then a model that adds nothing has completed the answer.
            if (!_parts.HasContent && !_adoptedContent)
            {
                const string Message = "The model sent an empty answer. Try again, or choose another model.";
                return Failed(FailureCodes.EmptyAnswer, Message, retryable: true, usage);
            }

            return new GenerationEnded(GenerationStatus.Completed, FinishReasonOf(finish, hasCall), usage);
        }
        catch (Exception) when (_cancel.IsCancellationRequested)
        {
            // Streams throw exceptions of many types when they are cancelled.
            return Cancelled(usage);
        }
        catch (ProviderException exception)
        {
            var retryAfter = exception.RetryAfter is { } wait ? (int?)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 0, int.MaxValue) : null;
            return Failed(FailureCodes.Of(exception.Failure), exception.UserMessage, exception.IsRetryable, usage, retryAfter);
        }
    }

    private GenerationEnded? Cancelled(GenerationUsage? usage)
    {
        lock (_gate)
        {
            if (_stopRequested)
            {
                var seen = _stopAt is { } at && at < _log.End ? at : (long?)null;
                return new GenerationEnded(GenerationStatus.Stopped, FinishReasons.Stopped, usage, StoppedAt: seen);
            }
        }

        if (_shutdown.IsCancellationRequested || _log.Fenced)
        {
            return null;
        }

        const string Message = "The answer took longer than it may. What came is kept; you can continue it.";
        return Failed(FailureCodes.DeadlineExceeded, Message, retryable: true, usage);
    }

    private static GenerationEnded Failed(string code, string message, bool retryable, GenerationUsage? usage, int? retryAfter = null) =>
        new(GenerationStatus.Failed, FinishReasons.Error, usage, new GenerationError(code, message, retryable, retryAfter));

    private static string FinishReasonOf(ChatFinishReason finish, bool hasCall) =>
        finish == ChatFinishReason.Length ? FinishReasons.Length
        : finish == ChatFinishReason.ContentFilter ? FinishReasons.ContentFilter
        : finish == ChatFinishReason.ToolCalls && hasCall ? FinishReasons.ToolCalls
        : FinishReasons.Stop;

    private static GenerationUsage Usage(UsageDetails details) =>
        new(details.InputTokenCount ?? 0, details.OutputTokenCount ?? 0, details.CachedInputTokenCount, details.ReasoningTokenCount);
}
