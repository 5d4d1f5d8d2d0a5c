using System.ComponentModel;
using System.Text.Json;
using Parley.Server.Contracts;
using Parley.Server.Contracts.Schemas;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary>
/// The body of <c>useChat</c> of the AI SDK, which sends its whole history with each message, under its own name for the conversation.
/// Stored messages take precedence: the history only tells which message is new, and its parent.
/// </summary>
public sealed class AiSdkChat(GenerationStarter starter, ModelRouter router, TimeProvider time) : IChatDialect
{
    public RequestBodyMetadata Body { get; } = new(typeof(Request), IsTolerant: true);

    public IReadOnlyList<(string Client, string Json)> Examples { get; } =
    [
        (
            "AI SDK 5 to 7",
            """{"id":"my-chat","trigger":"submit-message","messages":[{"id":"m1","role":"user","parts":[{"type":"text","text":"Hello"}]}]}"""
        ),
        ("AI SDK 4", """{"id":"my-older-chat","messages":[{"role":"user","content":"Hello"}]}"""),
    ];

    public IReadOnlyList<ChatBodyKind> Kinds { get; } = [ChatBodyKind.UiMessages, ChatBodyKind.DataMessages];

    /// <summary>The members of a body that are read.</summary>
    public sealed record Request(
        [property: Description("The client's name for the conversation, or its id.")] string? Id,
        [property: SchemaType(typeof(IReadOnlyList<SentMessage>)), Description("The history. Stored messages take precedence over it.")]
            IReadOnlyList<JsonElement>? Messages,
        [property: SchemaType(typeof(SentMessage)), Description("The newest message alone, instead of `messages`.")] JsonElement? Message,
        [property: SchemaValues("submit-message", "regenerate-message")] string? Trigger,
        [property: Description("With `regenerate-message`: the answer to regenerate.")] string? MessageId,
        string? Model,
        string? ModelId,
        [property: SchemaRange(0, 2)] double? Temperature,
        [property: SchemaRange(0, 1)] double? TopP,
        [property: SchemaRange(1, 10_000_000)] long? MaxTokens
    );

    public async Task<IResult> AnswerAsync(HttpContext http, RawBody body, ChatBodyKind kind, NamedWireFormat? format)
    {
        if (body.AsTolerant<Request>().IsBad(out var bad, out _))
        {
            return bad;
        }

        return kind == ChatBodyKind.UiMessages
            ? await AnswerAsync(http, body, format ?? WireFormatCatalog.Ui, ClientHistory.Ui)
            : await AnswerAsync(http, body, format ?? WireFormatCatalog.Data, ClientHistory.Plain);
    }

    /// <param name="http">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="format">The format of the response.</param>
    /// <param name="read">Reads one message.</param>
    /// <param name="chatMember">The member that names the conversation.</param>
    internal async Task<IResult> AnswerAsync(
        HttpContext http,
        RawBody body,
        NamedWireFormat format,
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

        if (ModelParameters.Read(body.Root, out var parameters) is { } badParameter)
        {
            return badParameter;
        }

        var model = body.Text("model") ?? body.Text("modelId");
        if (ModelChoice.Of(router, model) is not { } choice)
        {
            return ModelProblems.NotFound(router, model);
        }

        var last = messages[^1];
        if (last.HasFiles)
        {
            return Problems.Invalid("messages", ErrorCodes.FilesNotSupported, "Files are not supported. Send text only.");
        }

        var user = await http.CurrentUserOrNewAsync(time);
        var command = new SendHistory
        {
            Owner = user.Owner,
            Now = time.GetUtcNow(),
            ChooseModel = choice,
            Request = parameters,
            IdempotencyKey = key,
            Fingerprint = GenerationStarter.Fingerprint(
                "history",
                name,
                body.Text("trigger"),
                body.Text("messageId"),
                model,
                last.Role,
                last.Id,
                last.Text,
                parameters?.ToJson()
            ),
            Conversation = name,
            Messages = messages,
            IsRegenerate = body.Text("trigger") == "regenerate-message",
            MessageId = body.Text("messageId"),
        };
        return await starter.StartAsync(http, command, ModeOf(format));
    }

    /// <summary>A continued answer keeps the id that the client knows it by.</summary>
    private static ResponseMode.Streaming ModeOf(NamedWireFormat format) =>
        ResponseMode.ForChat(format.Create) with
        {
            Format = start =>
                start.Continues is { } continued
                    ? format.Continue(start.Info, start.MessageName ?? continued.MessageId, continued.Log.End)
                    : format.Create(start.Info),
            From = start => start.Continues is { } continued && !format.ReadsWholeLog ? continued.Log.End : 0,
        };
}
