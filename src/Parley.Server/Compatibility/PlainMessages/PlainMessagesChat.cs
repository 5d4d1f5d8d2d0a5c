using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Parley.Server.Contracts;
using Parley.Server.Contracts.Schemas;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Generations;
using Parley.Server.Generations.Commands;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.PlainMessages;

/// <summary>
/// <c>{ messages: [{ role, content }], temperature?, stream?, conversationId? }</c>: messages with only role and content. With a
/// conversation, the last message is the new one. Without one, the answer is not listed, unless <c>store</c> is true.
/// </summary>
public sealed class PlainMessagesChat(
    GenerationStarter starter,
    ModelRouter router,
    IOptions<CompletionOptions> completions,
    IOptions<ChatBodyOptions> bodies,
    TimeProvider time
) : IChatDialect
{
    public RequestBodyMetadata Body { get; } = new(typeof(Request), IsTolerant: true);

    public IReadOnlyList<(string Client, string Json)> Examples { get; } =
    [("role and content alone", """{"messages":[{"role":"user","content":"Hello"}],"temperature":0.7}""")];

    public IReadOnlyList<ChatBodyKind> Kinds { get; } = [ChatBodyKind.PlainMessages];

    /// <summary>The members of a body that are read.</summary>
    public sealed record Request(
        [property: SchemaRequired, SchemaType(typeof(IReadOnlyList<SentMessage>))] IReadOnlyList<JsonElement>? Messages,
        string? Model,
        [property: Description("The conversation to continue; the last message is then the new one.")] string? ConversationId,
        [property: JsonPropertyName("conversation_id"), Description("The same as `conversationId`.")] string? ConversationIdAsColumn,
        [property: Description("`false`: the response is one JSON object, sent when the answer has ended.")] bool? Stream,
        [property: Description("Stores the messages as a new conversation, when `conversationId` is absent.")] bool? Store,
        [property: SchemaRange(0, 2)] double? Temperature,
        [property: SchemaRange(0, 1)] double? TopP,
        [property: SchemaRange(1, 10_000_000)] long? MaxTokens
    );

    public async Task<IResult> AnswerAsync(HttpContext http, RawBody body, ChatBodyKind kind, NamedWireFormat? format)
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
            return Problems.Invalid("messages", ErrorCodes.FilesNotSupported, "Files are not supported. Send text only.");
        }

        if (messages[^1].Role != "user")
        {
            return Problems.Invalid("messages", ErrorCodes.UserMessageRequired, "The last message must have the role user.");
        }

        if (TextValidation.CheckMessage("messages", messages[^1].Text) is { } badText)
        {
            return badText;
        }

        if (!IdempotencyKeyHeader.TryRead(http, out var key, out var badKey))
        {
            return badKey;
        }

        if (ModelParameters.Read(body.Root, out var parameters) is { } badParameter)
        {
            return badParameter;
        }

        if (ModelChoice.Of(router, request.Model) is not { } model)
        {
            return ModelProblems.NotFound(router, request.Model);
        }

        var user = await http.CurrentUserOrNewAsync(time);
        var command = Command(user.Owner, request, messages, parameters) with { ChooseModel = model, IdempotencyKey = key };
        var streamed = request.Stream ?? true;
        return await starter.StartAsync(
            http,
            command,
            streamed ? ResponseMode.ForChat((format ?? DefaultFormat(body)).Create) : ResponseMode.Native(streamed: false)
        );
    }

    private StartCommand Command(Owner owner, Request request, List<ClientMessage> messages, StoredRequest? parameters)
    {
        var now = time.GetUtcNow();
        var name = request.ConversationId ?? request.ConversationIdAsColumn;
        var last = messages[^1].Text;
        var fingerprint = GenerationStarter.Fingerprint([
            "messages",
            name,
            request.Model,
            parameters?.ToJson(),
            .. messages.SelectMany(message => new[] { message.Role, message.Text }),
        ]);
        if (name is not null)
        {
            return new SendMessage
            {
                Owner = owner,
                Now = now,
                ChooseModel = static current => current,
                Fingerprint = fingerprint,
                Request = parameters,
                Conversation = name,
                Text = last,
            };
        }

        var isStored = request.Store ?? false;
        return new BeginConversation
        {
            Owner = owner,
            Now = now,
            ChooseModel = static current => current,
            Fingerprint = fingerprint,
            Request = isStored ? parameters : new StoredRequest(StoredRequest.Messages, Whole(messages, parameters)),
            Conversation = isStored
                ? new NewConversation(
                    null,
                    ConversationKind.Chat,
                    null,
                    [
                        .. messages
                            .SkipLast(1)
                            .Where(message => message.Text.Length > 0)
                            .Select(message => new EarlierMessage(message.Role, message.Text)),
                    ]
                )
                : new NewConversation(null, ConversationKind.Completion, now + completions.Value.Retention, []),
            Message = isStored ? new NewMessage(last) : null,
        };
    }

    /// <summary>Clients that read content events and AI SDK 3 send the same body, with only messages: the setting decides.</summary>
    private NamedWireFormat DefaultFormat(RawBody body) =>
        bodies.Value.PlainMessages == PlainMessagesClient.AiSdk3 && !body.Has("stream") && !body.Has("temperature")
            ? WireFormatCatalog.V3
            : WireFormatCatalog.Content;

    /// <summary>The whole request, in the form that <see cref="PlainMessagesPrompt"/> reads.</summary>
    private static JsonElement Whole(List<ClientMessage> messages, StoredRequest? parameters)
    {
        var whole = parameters?.Body.Deserialize<Dictionary<string, object?>>() ?? [];
        whole["messages"] = messages.Select(message => new { role = message.Role, content = message.Text });
        return JsonSerializer.SerializeToElement(whole);
    }
}
