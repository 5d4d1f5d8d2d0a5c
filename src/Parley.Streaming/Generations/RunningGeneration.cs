using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Generations;

/// <summary>One generation at work: asks the model, appends what comes, and ends the log exactly once.</summary>
internal sealed class RunningGeneration : IDisposable
{
    private readonly GenerationLog _log;
    private readonly GenerationRequest _request;
    private readonly GenerationOptions _options;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _cancel;
    private readonly CancellationToken _leaving;
    private readonly PartAppender _parts;
    private readonly Lock _gate = new();
    private bool _stopRequested,
        _disposed,
        _adoptedContent;
    private long? _stopAt;

    /// <param name="log">Where it writes.</param>
    /// <param name="request">What to ask.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="timeLeft">Until the deadline.</param>
    /// <param name="time">The clock.</param>
    /// <param name="leaving">The node shuts down: leave the log as it is, for whoever adopts it.</param>
    public RunningGeneration(
        GenerationLog log,
        GenerationRequest request,
        GenerationOptions options,
        TimeSpan timeLeft,
        TimeProvider time,
        CancellationToken leaving
    )
    {
        (_log, _request, _options, _leaving) = (log, request, options, leaving);
        _deadline = new CancellationTokenSource(timeLeft > TimeSpan.Zero ? timeLeft : TimeSpan.Zero, time);
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(_deadline.Token, leaving);
        _parts = new PartAppender(log);
        log.OnFenced = Fenced;
    }

    /// <summary>The log that it writes.</summary>
    public GenerationLog Log => _log;

    /// <summary>Asks it to stop. The first request's position counts: what the person who stopped it had seen, if that is known.</summary>
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

    /// <summary>Runs to the end. Returns it, or null when the node leaves or the writer was fenced.</summary>
    /// <param name="prefix">What the answer begins with: the log of the generation that this one continues, or of the attempt that it takes over.</param>
    /// <param name="seamReason">Why there is a prefix; null when there is none.</param>
    /// <param name="place">Released before the end is committed, so that whoever has seen the end finds the place free.</param>
    public async Task<GenerationEnded?> RunAsync(FoldedLog? prefix, string? seamReason, IDisposable? place)
    {
        var messages = _request.Messages;
        if (prefix is not null && seamReason is not null)
        {
            if (seamReason == Seam.Continued)
            {
                _log.Append(prefix);
            }

            var cut = prefix.Controls.Count > 0 ? LogControls.OpenAt([.. prefix.Controls], prefix.End) ?? LastPart(prefix) : null;
            _parts.Seam(seamReason, _request.Model, cut?.Part);
            _adoptedContent = seamReason == Seam.Adopted && LastPart(prefix) is not null;
            messages = Continuation.Of(_request, prefix);
        }

        var end = await AskAsync(messages);
        if (end is null)
        {
            await _log.WhenDurableAsync(CancellationToken.None);
            return null;
        }

        _parts.Close();
        place?.Dispose();
        _log.Append(end);
        return await _log.WhenEndedAsync(CancellationToken.None);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            // A late stop must not find a disposed source.
            _stopRequested = _disposed = true;
        }

        _cancel.Dispose();
        _deadline.Dispose();
    }

    private void Fenced()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _cancel.CancelAsync();
            }
        }
    }

    private static PartOpened? LastPart(FoldedLog log) =>
        log.Controls.Select(control => control.Control).OfType<PartOpened>().LastOrDefault();

    /// <summary>Appends the model's answer as it comes. Null: the node leaves, or the writer was fenced.</summary>
    private async Task<GenerationEnded?> AskAsync(IReadOnlyList<ChatMessage> messages)
    {
        var finish = ChatFinishReason.Stop;
        GenerationUsage? usage = null;
        var tool = false;
        try
        {
            await foreach (
                var update in _request
                    .Client.GetStreamingResponseAsync(messages, _request.Options, _cancel.Token)
                    .WithCancellation(_cancel.Token)
            )
            {
                if (update.FinishReason is { } reason)
                {
                    finish = reason;
                }

                foreach (var content in update.Contents)
                {
                    if (content is UsageContent { Details: { } details })
                    {
                        usage = Usage(details);
                    }
                    else
                    {
                        _parts.Append(content);
                    }

                    tool |= content is ToolCallStarted;
                }

                if (_log.End > _options.MaxAnswerBytes || _log.ControlCount > _options.MaxControls)
                {
                    return new GenerationEnded(GenerationStatus.Completed, "length", usage);
                }

                await _log.WhenRoomAsync(_cancel.Token);
                _cancel.Token.ThrowIfCancellationRequested();
            }

            // The process may have died when all had come but the end: then a model that has nothing to add is done.
            if (!_parts.HasContent && !_adoptedContent)
            {
                return Failed(
                    "empty_answer",
                    "The model sent an empty answer. Try again, or choose another model.",
                    retryable: true,
                    usage
                );
            }

            return new GenerationEnded(GenerationStatus.Completed, Reason(finish, tool), usage);
        }
        catch (Exception) when (_cancel.IsCancellationRequested)
        {
            // Streams throw all kinds of things when they are cancelled.
            return Cancelled(usage);
        }
        catch (ProviderException error)
        {
            var retryAfter = error.RetryAfter is { } wait ? (int?)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 0, int.MaxValue) : null;
            return Failed(FailureCodes.Of(error.Failure), error.UserMessage, error.IsRetryable, usage, retryAfter);
        }
    }

    private GenerationEnded? Cancelled(GenerationUsage? usage)
    {
        lock (_gate)
        {
            if (_stopRequested)
            {
                var seen = _stopAt is { } at && at < _log.End ? at : (long?)null;
                return new GenerationEnded(GenerationStatus.Stopped, "stopped", usage, StoppedAt: seen);
            }
        }

        if (_leaving.IsCancellationRequested || _log.Fenced)
        {
            return null;
        }

        return Failed(
            "deadline_exceeded",
            "The answer took longer than it may. What came is kept; you can continue it.",
            retryable: true,
            usage
        );
    }

    private static GenerationEnded Failed(string code, string message, bool retryable, GenerationUsage? usage, int? retryAfter = null) =>
        new(GenerationStatus.Failed, "error", usage, new GenerationError(code, message, retryable, retryAfter));

    private static string Reason(ChatFinishReason finish, bool tool) =>
        finish == ChatFinishReason.Length ? "length"
        : finish == ChatFinishReason.ContentFilter ? "content-filter"
        : finish == ChatFinishReason.ToolCalls && tool ? "tool-calls"
        : "stop";

    private static GenerationUsage Usage(UsageDetails details) =>
        new(details.InputTokenCount ?? 0, details.OutputTokenCount ?? 0, details.CachedInputTokenCount, details.ReasoningTokenCount);
}
