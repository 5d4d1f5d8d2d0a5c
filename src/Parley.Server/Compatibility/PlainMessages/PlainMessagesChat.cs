using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.PlainMessages;

/// <summary>
/// <c>{ messages: [{ role, content }], temperature?, stream?, conversationId? }</c>: role and content alone. In a conversation the last message is the new turn; without one nothing is kept for lists, unless
/// <c>store</c> asks for it.
/// </summary>
public sealed class PlainMessagesChat(
    GenerationStarter starter,
    ReplyTargets places,
    ConversationHistory history,
    ModelRouter router,
    IOptions<CompletionOptions> completions,
    IOptions<ChatBodyOptions> bodies,
    TimeProvider time
)
{
    /// <summary>What is read of a body.</summary>
    public sealed record Request(
        [property: Required, Shape(typeof(IReadOnlyList<SentMessage>))] IReadOnlyList<JsonElement>? Messages,
        string? Model,
        [property: Description("The conversation to go on with: the last message is then the new turn.")] string? ConversationId,
        [property: JsonPropertyName("conversation_id"), Description("The same.")] string? ConversationIdAsColumn,
        [property: Description("`false`: one JSON object, when the answer has ended.")] bool? Stream,
        [property: Description("Keeps it as a conversation, where there is none yet.")] bool? Store,
        [property: Range(0, 2)] double? Temperature,
        [property: Range(0, 1)] double? TopP,
        [property: Range(1, 10_000_000)] long? MaxTokens
    );

    internal async Task<IResult> AnswerAsync(HttpContext http, RawBody body, Func<GenerationInfo, WireFormat>? format)
    {
        if (body.AsTolerant<Request>().IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (ClientHistory.ReadAll(body, ClientHistory.Plain, out var messages) is { } badMessages)
        {
            return badMessages;
        }

        if (messages[^1].HasFiles)
        {
            return Problems.Invalid("messages", "files_not_supported", "Files cannot be sent yet. Send the text alone.");
        }

        if (messages[^1].Role != "user")
        {
            return Problems.Invalid("messages", "user_message_required", "The last message must be the person's.");
        }

        if (TextValidation.CheckMessage("messages", messages[^1].Text) is { } badText)
        {
            return badText;
        }

        if (!IdempotencyKeyHeader.TryRead(http, out var key, out var badKey))
        {
            return badKey;
        }

        if (ModelParameters.Read(body.Root, out var asked, out var options) is { } badParameter)
        {
            return badParameter;
        }

        var (model, streamed, stored) = (request.Model, request.Stream ?? true, request.Store ?? false);
        if (router.Resolve(model) is not { } route)
        {
            return ModelProblems.NotFound(model);
        }

        var user = await http.CurrentUserOrNewAsync(time);
        var now = time.GetUtcNow();
        var name = request.ConversationId ?? request.ConversationIdAsColumn;
        var place = name is null ? null : places.Find(user, name, null);
        if (name is not null && place is null)
        {
            return Problems.NotFound("conversation");
        }

        if (place is { ParentIsRunning: true } && !(key is not null && starter.IsKnown(user, key)))
        {
            return Problems.Of(
                StatusCodes.Status409Conflict,
                "answer_running",
                "The answer before this message is still being written. Wait for it, or stop it."
            );
        }

        if (model is null && place?.Model is { } usual)
        {
            route = router.Resolve(usual) ?? route;
        }

        var kept = place is not null || stored;
        var last = messages[^1];
        List<EarlierMessage> earlier =
            place is null && stored
                ?
                [
                    .. messages
                        .SkipLast(1)
                        .Where(message => message.Text.Length > 0)
                        .Select(message => new EarlierMessage(message.Role, message.Text)),
                ]
                : [];
        var start = new StartRequest
        {
            TenantId = user.TenantId,
            OwnerId = user.Id,
            Now = now,
            ConversationId = place?.ConversationId ?? NewId(),
            IsNewConversation = place is null,
            ConversationKind = kept ? ConversationKind.Chat : ConversationKind.Completion,
            ConversationExpiresAt = kept ? null : now + completions.Value.Retention,
            ParentId = place?.ParentId,
            WhileNewestIs = place?.ParentId,
            Earlier = earlier,
            UserText = kept ? last.Text : null,
            UserMessageId = NewId(),
            MessageId = NewId(),
            GenerationId = NewId(),
            Model = route.Id,
            Request = kept ? asked : new StoredRequest(StoredRequest.Messages, Whole(messages, asked)),
            IdempotencyKey = key,
            Fingerprint = GenerationStarter.Fingerprint([
                "messages",
                name,
                model,
                asked?.ToJson(),
                .. messages.SelectMany(message => new[] { message.Role, message.Text }),
            ]),
        };
        List<ChatMessage> said = place is not null
            ? [.. history.Load(start.ConversationId, start.ParentId), new ChatMessage(ChatRole.User, last.Text)]
            : [.. messages.Select(message => new ChatMessage(new ChatRole(message.Role), message.Text))];
        var shape = streamed ? ResponseMode.ForChat(format ?? UsualFormat(body)) : ResponseMode.Native(streamed: false);
        return await starter.StartAsync(http, user, start, route, said, null, shape, options);
    }

    /// <summary>A body with nothing but messages is what seed 000 may send, and what AI SDK 3 sends: nothing in it says which.</summary>
    private Func<GenerationInfo, WireFormat> UsualFormat(RawBody body) =>
        bodies.Value.PlainMessages == PlainMessagesClient.AiSdk3 && !body.Has("stream") && !body.Has("temperature")
            ? static info => new DataStream(info, DataStreamVersion.AiSdk3)
            : static _ => new ContentEvents();

    /// <summary>All that was asked, as <see cref="StoredRequestSource"/> reads it again.</summary>
    private static JsonElement Whole(List<ClientMessage> messages, StoredRequest? asked)
    {
        var whole = asked?.Body.Deserialize<Dictionary<string, object?>>() ?? [];
        whole["messages"] = messages.Select(message => new { role = message.Role, content = message.Text });
        return JsonSerializer.SerializeToElement(whole);
    }

    private string NewId() => Guid.CreateVersion7(time.GetUtcNow()).ToString();
}
