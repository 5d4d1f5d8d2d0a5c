using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Http;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary>
/// The request of a client that sends its whole history each time, under its own name for the conversation. Stored messages take
/// precedence: the history only tells which message is new, and its parent.
/// </summary>
public sealed record SendHistory : StartCommand
{
    /// <summary>The client's name for the conversation; null for a new one without a name.</summary>
    public required string? Conversation { get; init; }

    /// <summary>The history that the client sent; never empty.</summary>
    public required IReadOnlyList<ClientMessage> Messages { get; init; }

    /// <summary>Whether the client requests another answer instead of sending a new message.</summary>
    public required bool IsRegenerate { get; init; }

    /// <summary>The answer to regenerate, by id or name.</summary>
    public string? MessageId { get; init; }

    public override string? LockConversation => Conversation;

    private ClientMessage Last => Messages[^1];

    public override async ValueTask<StartDecision> DecideAsync(ChatReads reads)
    {
        if (Conversation is null || await reads.TargetAsync(Conversation, null) is not { } target)
        {
            return Begin();
        }

        var path = await reads.PathAsync(target.ConversationId, target.ParentId);
        if (IsRegenerate)
        {
            return await RegenerateAsync(reads, target, path);
        }

        return Last.Role == "assistant" ? await ContinueAsync(reads, target, path) : await SubmitAsync(reads, target, path);
    }

    /// <summary>No conversation has this name: a new one is stored, with the client's history as its earlier messages.</summary>
    private StartDecision Begin() =>
        (StartDecision?)RefuseLast()
        ?? new StartDecision.Begin(
            new NewConversation(
                Conversation,
                ConversationKind.Chat,
                null,
                [
                    .. Messages
                        .SkipLast(1)
                        .Where(message => message.Text.Length > 0)
                        .Select(message => new EarlierMessage(message.Role, message.Text, message.Id)),
                ]
            )
        )
        {
            Message = new NewMessage(Last.Text, Last.Id),
        };

    private async ValueTask<StartDecision> SubmitAsync(ChatReads reads, ReplyTarget target, List<StoredMessage> path)
    {
        if (RefuseLast() is { } refusal)
        {
            return refusal;
        }

        if (await FindStoredAsync(reads, target, Last, path) is { } same)
        {
            var answer = await RunningAnswerAsync(reads, target, same);
            if (same.Content == Last.Text)
            {
                // The same message again: a retry while its generation is running, or else a request for another answer.
                return answer is not null ? new StartDecision.Attach(answer) : ReplyTo(target, same.Id);
            }

            return answer is not null
                ? new StartDecision.StopFirst(answer)
                : ReplyTo(target, same.ParentId) with
                {
                    Message = new NewMessage(Last.Text, Last.Id),
                };
        }

        var before = Messages.Count > 1 ? Messages[^2] : null;
        var known = before?.Id is { } id ? await reads.MessageAsync(target.ConversationId, id) : null;
        var running = known switch
        {
            null => target.ParentIsRunning ? target.ParentGenerationId : null,
            { Role: "user" } => await RunningAnswerAsync(reads, target, known),
            _ => known.IsRunning ? known.GenerationId : null,
        };

        // The client does not show the running answer: its history is outdated, and its message would start a branch by mistake.
        if (known is not null && running is null && target.ParentIsRunning)
        {
            return new StartDecision.Refuse(StartRefusal.AnswerRunning);
        }

        if (running is not null)
        {
            // A client that replies to the running answer no longer needs the rest of it: useChat's stop() only disconnects.
            var isShown = before is { Role: "assistant" } && (before.Id is null || known is not null);
            return isShown ? new StartDecision.StopFirst(running) : new StartDecision.Refuse(StartRefusal.AnswerRunning);
        }

        return ReplyTo(target, known?.Id ?? target.ParentId) with
        {
            Message = new NewMessage(Last.Text, Last.Id),
        };
    }

    private async ValueTask<StartDecision> RegenerateAsync(ChatReads reads, ReplyTarget target, List<StoredMessage> path)
    {
        var found = MessageId is { } id
            ? await reads.MessageAsync(target.ConversationId, id)
            : path.LastOrDefault(message => message.Role == "assistant");

        // The client may use a name for the answer that is not stored; then the user's message before it identifies it.
        if (found is null && Messages.LastOrDefault(message => message.Role == "user") is { } question)
        {
            found = await FindStoredAsync(reads, target, question, path);
        }

        found ??= path.LastOrDefault(message => message.Role == "user");
        return found switch
        {
            null => Invalid("messageId", "message_not_found", "The message to regenerate does not exist."),
            { IsRunning: true, GenerationId: { } running } => new StartDecision.StopFirst(running),
            { Role: "assistant" } => ReplyTo(target, found.ParentId),
            _ => ReplyTo(target, found.Id),
        };
    }

    /// <summary>The last message is an answer: the client requests its continuation, under the same id, from where it ended.</summary>
    private async ValueTask<StartDecision> ContinueAsync(ChatReads reads, ReplyTarget target, List<StoredMessage> path)
    {
        var found = Last.Id is { } id ? await reads.MessageAsync(target.ConversationId, id) : path.LastOrDefault();
        if (found is not { Role: "assistant", GenerationId: { } generation })
        {
            return Invalid("messages", "message_not_found", "The answer to continue does not exist.");
        }

        if (await reads.FinishedAsync(generation) is not { Log: { Ended: { } ended } log })
        {
            return new StartDecision.Refuse(StartRefusal.ThisAnswerRunning);
        }

        var prefix = log.UpTo(ended.StoppedAt ?? log.End);
        var open = prefix.OpenCalls();
        List<ToolReturned> results =
        [
            .. open.Select(call => Last.ToolResults.FirstOrDefault(result => result.CallId == call.CallId)).OfType<ToolReturned>(),
        ];
        if (ended.FinishReason == "tool-calls" && results.Count < open.Count)
        {
            return Invalid("messages", "tool_result_required", "The answer needs the results of its tool calls. Send one for each call.");
        }

        if (results.Count == 0 && ended is { Status: GenerationStatus.Completed, FinishReason: not "length" })
        {
            return new StartDecision.Refuse(StartRefusal.AnswerComplete);
        }

        if (results.Sum(result => (result.Result ?? result.Error)!.Length) > TextValidation.MaxMessageBytes)
        {
            return new StartDecision.Refuse(
                new StartRefusal(RefusalKind.TooLarge, "tool_result_too_long", "Tool results may have at most 1 MiB.", "messages")
            );
        }

        return ReplyTo(target, found.ParentId) with
        {
            AnswerName = Last.Id,
            Request = StoredRequest.WithToolResults(Request, results),
            Continues = new ContinuedAnswer(generation, found.Id, prefix.End, prefix.With(results)),
        };
    }

    /// <summary>
    /// The stored message that a sent one refers to. Without ids it is the user's message at the same index, if those before it are the
    /// same: when n are stored and the client sends n, it requests another answer to the last one, or has edited it; when it sends n + 1,
    /// the last one is new. A client that sends no earlier messages has just opened the page, and has not edited the first message.
    /// </summary>
    private async ValueTask<StoredMessage?> FindStoredAsync(
        ChatReads reads,
        ReplyTarget target,
        ClientMessage message,
        List<StoredMessage> path
    )
    {
        if (message.Id is { } id)
        {
            return await reads.MessageAsync(target.ConversationId, id) is { Role: "user" } found ? found : null;
        }

        var stored = path.FindAll(one => one.Role == "user");
        List<ClientMessage> sent = [.. Messages.Where(one => one.Role == "user")];
        var index = sent.Count - 1;
        if (index >= stored.Count || !sent.SkipLast(1).Select(one => one.Text).SequenceEqual(stored.Take(index).Select(one => one.Content)))
        {
            return null;
        }

        return index > 0 || (stored.Count == 1 && stored[0].Content == message.Text) ? stored[index] : null;
    }

    /// <summary>The generation of the newest answer to a message, if it is running.</summary>
    private static async ValueTask<string?> RunningAnswerAsync(ChatReads reads, ReplyTarget target, StoredMessage message) =>
        await reads.NewestAnswerAsync(target.ConversationId, message.Id) is { IsRunning: true } answer ? answer.GenerationId : null;

    private StartDecision.Refuse? RefuseLast()
    {
        if (Last.Role != "user")
        {
            return Invalid("messages", "user_message_required", "The last message must have the role user.");
        }

        return TextValidation.CheckMessage("messages", Last.Text) is { } problem
            ? new StartDecision.Refuse(
                new StartRefusal(
                    problem.Status == StatusCodes.Status413PayloadTooLarge ? RefusalKind.TooLarge : RefusalKind.Invalid,
                    problem.Code,
                    problem.Detail,
                    problem.Field
                )
            )
            : null;
    }

    private static StartDecision.Reply ReplyTo(ReplyTarget target, string? parent) =>
        new(target.ConversationId, parent) { DefaultModel = target.Model };

    private static StartDecision.Refuse Invalid(string field, string code, string detail) =>
        new(new StartRefusal(RefusalKind.Invalid, code, detail, field));
}
