using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary>
/// A turn of a client that sends its whole history each time, under an id of its own: <c>useChat</c> of the AI SDK. What is stored is the truth; the request only says what is new at its end, and where.
/// </summary>
public sealed class AiSdkChat(
    GenerationStarter starter,
    ReplyTargets places,
    StoredMessages paths,
    ConversationHistory history,
    FinishedLogs finished,
    OwnedGenerations lookup,
    ResumeGeneration reading,
    GenerationRunner runner,
    ModelRouter router,
    TimeProvider time
)
{
    /// <summary>What is read of a body.</summary>
    public sealed record Request(
        [property: Description("The client's name for the conversation, or its id.")] string? Id,
        [property: Shape(typeof(IReadOnlyList<SentMessage>)), Description("The history. What is stored is believed before it.")]
            IReadOnlyList<JsonElement>? Messages,
        [property: Shape(typeof(SentMessage)), Description("The newest message alone, instead of `messages`.")] JsonElement? Message,
        [property: AllowedValues("submit-message", "regenerate-message")] string? Trigger,
        [property: Description("With `regenerate-message`: the answer to give again.")] string? MessageId,
        string? Model,
        string? ModelId,
        [property: Range(0, 2)] double? Temperature,
        [property: Range(0, 1)] double? TopP,
        [property: Range(1, 10_000_000)] long? MaxTokens
    );

    /// <param name="http">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="format">How the answer is written.</param>
    /// <param name="read">How messages are read.</param>
    /// <param name="chatMember">The member that names the conversation.</param>
    internal async Task<IResult> AnswerAsync(
        HttpContext http,
        RawBody body,
        Func<GenerationInfo, WireFormat> format,
        Func<JsonElement, ClientMessage?> read,
        string chatMember = "id"
    )
    {
        if (ClientHistory.ReadAll(body, read, out var messages) is { } badMessages)
        {
            return badMessages;
        }

        var name = body.Text(chatMember);
        if (name is not null && ClientNames.Check(chatMember, name) is { } badName)
        {
            return badName;
        }

        if (!IdempotencyKeyHeader.TryRead(http, out var key, out var badKey))
        {
            return badKey;
        }

        if (ModelParameters.Read(body.Root, out var asked, out var options) is { } badParameter)
        {
            return badParameter;
        }

        var model = body.Text("model") ?? body.Text("modelId");
        if (router.Resolve(model) is not { } route)
        {
            return ModelProblems.NotFound(model);
        }

        var user = await http.CurrentUserOrNewAsync(time);
        var place = name is null ? null : places.Find(user, name, null);
        if (model is null && place?.Model is { } usual)
        {
            route = router.Resolve(usual) ?? route;
        }

        var turn = new Turn(
            http,
            user,
            messages,
            body.Text("messageId"),
            format,
            new StartRequest
            {
                TenantId = user.TenantId,
                OwnerId = user.Id,
                Now = time.GetUtcNow(),
                ConversationId = place?.ConversationId ?? NewId(),
                IsNewConversation = place is null,
                ConversationExternalId = name,
                UserMessageId = NewId(),
                MessageId = NewId(),
                GenerationId = NewId(),
                Model = route.Id,
                Request = asked,
                IdempotencyKey = key,
                Fingerprint = GenerationStarter.Fingerprint(
                    "history",
                    name,
                    body.Text("trigger"),
                    body.Text("messageId"),
                    model,
                    messages[^1].Role,
                    messages[^1].Id,
                    messages[^1].Text,
                    asked?.ToJson()
                ),
            },
            route,
            options
        );

        if (key is not null && starter.IsKnown(user, key))
        {
            return await StartAsync(turn, turn.Start, []);
        }

        if (messages[^1].HasFiles)
        {
            return Problems.Invalid("messages", "files_not_supported", "Files cannot be sent yet. Send the text alone.");
        }

        if (place is null)
        {
            return await BeginAsync(turn);
        }

        var path = paths.Load(place.ConversationId, place.ParentId);
        if (body.Text("trigger") == "regenerate-message")
        {
            return await RegenerateAsync(turn, path);
        }

        return messages[^1].Role == "assistant" ? await ContinueAsync(turn, path) : await SubmitAsync(turn, place, path);
    }

    /// <summary>Nothing is stored under this name: what the client brings along is the beginning of its own conversation.</summary>
    private async Task<IResult> BeginAsync(Turn turn)
    {
        var last = turn.Messages[^1];
        if (last.Role != "user")
        {
            return Problems.Invalid("messages", "user_message_required", "The last message must be the person's.");
        }

        if (TextValidation.CheckMessage("messages", last.Text) is { } badText)
        {
            return badText;
        }

        List<EarlierMessage> earlier =
        [
            .. turn
                .Messages.SkipLast(1)
                .Where(message => message.Text.Length > 0)
                .Select(message => new EarlierMessage(message.Role, message.Text, message.Id)),
        ];
        return await StartAsync(
            turn,
            turn.Start with
            {
                Earlier = earlier,
                UserText = last.Text,
                UserMessageExternalId = last.Id,
            },
            [.. earlier.Select(message => new ChatMessage(new ChatRole(message.Role), message.Content))]
        );
    }

    private async Task<IResult> SubmitAsync(Turn turn, Place place, List<StoredMessage> path)
    {
        var last = turn.Messages[^1];
        if (last.Role != "user")
        {
            return Problems.Invalid("messages", "user_message_required", "The last message must be the person's.");
        }

        if (TextValidation.CheckMessage("messages", last.Text) is { } badText)
        {
            return badText;
        }

        if (FindStored(turn, last, path) is { } same)
        {
            if (same.Content != last.Text)
            {
                await StopAsync(RunningUnder(place.ConversationId, same.Id), turn.Http.RequestAborted);
                return await StartAsync(turn, Under(turn, same.ParentId) with { UserText = last.Text, UserMessageExternalId = last.Id });
            }

            // The same message once more: a retry of a request whose answer is under way, or a wish for another answer.
            if (lookup.Find(turn.User, RunningUnder(place.ConversationId, same.Id)) is { } found)
            {
                return await reading.FromStartAsync(turn.Http, found, turn.Format(found.Info));
            }

            return await StartAsync(turn, Under(turn, same.Id));
        }

        var before = turn.Messages.Count > 1 ? turn.Messages[^2] : null;
        var known = before?.Id is { } id ? paths.Find(place.ConversationId, id) : null;
        var running = known is null ? (place.ParentIsRunning ? place.ParentGenerationId : null) : RunningAt(place.ConversationId, known);
        // An answer that the page does not show: it is behind, and would branch off without wanting to.
        if (known is not null && running is null && place.ParentIsRunning)
        {
            return IsRunning();
        }

        if (running is not null)
        {
            // Whoever writes the next message under an answer that they see has stopped waiting for the rest: useChat's stop() only leaves.
            var sees = before is { Role: "assistant" } && (before.Id is null || known is not null);
            if (!sees)
            {
                return IsRunning();
            }

            await StopAsync(running, turn.Http.RequestAborted);
        }

        var parent = known?.Id ?? place.ParentId;
        return await StartAsync(
            turn,
            Under(turn, parent) with
            {
                UserText = last.Text,
                UserMessageExternalId = last.Id,
                WhileNewestIs = place.ParentId,
            }
        );
    }

    private static Problem IsRunning() =>
        Problems.Of(
            StatusCodes.Status409Conflict,
            "answer_running",
            "The answer before this message is still being written. Wait for it, or stop it."
        );

    /// <summary>The answer that is being written at a message: itself, or one to it that the client has not seen yet.</summary>
    private string? RunningAt(string conversation, StoredMessage message) =>
        message.Role == "user" ? RunningUnder(conversation, message.Id)
        : message.Status == "running" ? message.GenerationId
        : null;

    private string? RunningUnder(string conversation, string message) =>
        paths.NewestAnswer(conversation, message) is { Status: "running" } answer ? answer.GenerationId : null;

    private async Task<IResult> RegenerateAsync(Turn turn, List<StoredMessage> path)
    {
        var target = turn.MessageId is { } id
            ? paths.Find(turn.Start.ConversationId, id)
            : path.LastOrDefault(message => message.Role == "assistant");
        // The client may know the answer by a name of its own; then the message before it says which one is meant.
        if (target is null && turn.Messages.LastOrDefault(message => message.Role == "user") is { } asked)
        {
            target = FindStored(turn, asked, path);
        }

        target ??= path.LastOrDefault(message => message.Role == "user");
        if (target is null)
        {
            return Problems.Invalid("messageId", "message_not_found", "There is no such message to answer again.");
        }

        if (target.Status == "running")
        {
            await StopAsync(target.GenerationId, turn.Http.RequestAborted);
        }

        return await StartAsync(turn, Under(turn, target.Role == "assistant" ? target.ParentId : target.Id));
    }

    /// <summary>The last message is an answer: the client wants it to go on, under the id that it has, from where it ended.</summary>
    private async Task<IResult> ContinueAsync(Turn turn, List<StoredMessage> path)
    {
        var last = turn.Messages[^1];
        var target = last.Id is { } id ? paths.Find(turn.Start.ConversationId, id) : path.LastOrDefault();
        if (target is not { Role: "assistant", GenerationId: { } generation } || lookup.Find(turn.User, generation) is not { } found)
        {
            return Problems.Invalid("messages", "message_not_found", "There is no such answer to go on with.");
        }

        if (finished.Find(found) is not { Ended: { } ended } log)
        {
            return Problems.Of(StatusCodes.Status409Conflict, "answer_running", "This answer is still being written.");
        }

        var prefix = log.UpTo(ended.StoppedAt ?? log.End);
        List<ToolReturned> results =
        [
            .. prefix
                .OpenCalls()
                .Select(call => last.ToolResults.FirstOrDefault(result => result.CallId == call.CallId))
                .OfType<ToolReturned>(),
        ];
        if (ended.FinishReason == "tool-calls" && results.Count < prefix.OpenCalls().Count)
        {
            return Problems.Invalid(
                "messages",
                "tool_result_required",
                "The answer waits for what its tools return: send a result for each of its calls."
            );
        }

        if (results.Count == 0 && ended is { Status: GenerationStatus.Completed, FinishReason: not "length" })
        {
            return Problems.Of(StatusCodes.Status409Conflict, "answer_complete", "This answer is complete: there is nothing to continue.");
        }

        if (results.Sum(result => (result.Result ?? result.Error)!.Length) > TextValidation.MostMessageBytes)
        {
            return Problems.Of(
                StatusCodes.Status413PayloadTooLarge,
                "tool_result_too_long",
                "What tools return may have 1 MiB at most.",
                "messages"
            );
        }

        var whole = prefix.With(results);
        var shown = last.Id ?? target.Id;
        var format = turn.Format;
        // The UI stream keeps track of its parts, so it reads them all; the others go on from a position. Each says the id that the client has.
        var isUi = format(found.Info) is UiMessageStream;
        turn = turn with { Format = info => isUi ? new UiMessageStream(info, shown, whole.End) : format(info with { MessageId = shown }) };
        var start = Under(turn, target.ParentId) with
        {
            ContinuesId = generation,
            ContinuesTo = prefix.End,
            MessageExternalId = last.Id,
            Request = StoredRequest.WithToolResults(turn.Start.Request, results),
        };
        return await StartAsync(turn, start, continues: whole, from: isUi ? 0 : whole.End);
    }

    /// <summary>
    /// The stored message that the client means. Without ids it is the one at the same place among the person's messages, if the client shows the same ones before it: one that shows n of them and sends n asks for
    /// another answer to the last, or has edited it; one that sends n + 1 has a new one. A client that shows nothing before its message has just opened the page, rather than edited the first one.
    /// </summary>
    private StoredMessage? FindStored(Turn turn, ClientMessage message, List<StoredMessage> path)
    {
        if (message.Id is { } id)
        {
            return paths.Find(turn.Start.ConversationId, id) is { Role: "user" } found ? found : null;
        }

        var mine = path.FindAll(stored => stored.Role == "user");
        List<ClientMessage> sent = [.. turn.Messages.Where(other => other.Role == "user")];
        var place = sent.Count - 1;
        if (
            place >= mine.Count
            || !sent.SkipLast(1).Select(other => other.Text).SequenceEqual(mine.Take(place).Select(stored => stored.Content))
        )
        {
            return null;
        }

        return place > 0 || (mine.Count == 1 && mine[0].Content == message.Text) ? mine[place] : null;
    }

    private static StartRequest Under(Turn turn, string? parent) =>
        turn.Start with
        {
            IsNewConversation = false,
            ConversationExternalId = null,
            ParentId = parent,
        };

    private Task<IResult> StartAsync(
        Turn turn,
        StartRequest start,
        List<ChatMessage>? before = null,
        FoldedLog? continues = null,
        long from = 0
    )
    {
        List<ChatMessage> messages = before ?? history.Load(start.ConversationId, start.ParentId);
        if (start.UserText is { } text)
        {
            messages.Add(new ChatMessage(ChatRole.User, text));
        }

        return starter.StartAsync(
            turn.Http,
            turn.User,
            start,
            turn.Route,
            messages,
            continues is { End: > 0 } ? continues : null,
            ResponseMode.ForChat(turn.Format) with
            {
                From = from,
            },
            turn.Options
        );
    }

    private async Task StopAsync(string? generation, CancellationToken cancellationToken)
    {
        if (GenerationId.TryParse(generation, out var id))
        {
            await runner.StopAsync(id, null, cancellationToken);
        }
    }

    private string NewId() => Guid.CreateVersion7(time.GetUtcNow()).ToString();

    private sealed record Turn(
        HttpContext Http,
        CurrentUser User,
        List<ClientMessage> Messages,
        string? MessageId,
        Func<GenerationInfo, WireFormat> Format,
        StartRequest Start,
        ModelRoute Route,
        ChatOptions? Options
    );
}
