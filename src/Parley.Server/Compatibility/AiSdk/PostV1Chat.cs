using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using Parley.Server.Contracts;
using Parley.Server.Contracts.Schemas;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary>
/// <c>POST /api/v1/chat</c>: like <c>POST /api/chat</c> for a client of the AI SDK, with <c>conversationId</c>, and with the AI SDK data
/// stream as the response. A conversation that does not exist is created.
/// </summary>
public static class PostV1Chat
{
    /// <summary>The members of a body that are read: <c>message</c> or <c>messages</c>, <c>conversationId</c> or <c>id</c>.</summary>
    public sealed record Request(
        [property: Description("The client's name for the conversation, or its id.")] string? ConversationId,
        [property: Description("The same as `conversationId`.")] string? Id,
        [property: SchemaType(typeof(IReadOnlyList<SentMessage>)), Description("The history. Stored messages take precedence over it.")]
            IReadOnlyList<JsonElement>? Messages,
        [property: Description("The new message: text, or a message with `parts`.")] JsonElement? Message,
        [property: Description("Reserved; requests with it get 400.")] string? AgentId,
        [property: SchemaValues("submit-message", "regenerate-message")] string? Trigger,
        string? MessageId,
        string? Model,
        string? ModelId,
        [property: SchemaRange(0, 2)] double? Temperature,
        [property: SchemaRange(0, 1)] double? TopP,
        [property: SchemaRange(1, 10_000_000)] long? MaxTokens
    );

    public static async Task<IResult> Handle(HttpContext http, AiSdkChat history)
    {
        if (!FormatParameter.TryRead(http, out var format, out var problem))
        {
            return problem;
        }

        if ((await StrictJson.ReadRawAsync(http, StrictJson.MaxHistoryBytes)).IsBad(out var bad, out var body))
        {
            return bad;
        }

        if (body.AsTolerant<Request>().IsBad(out bad, out _))
        {
            return bad;
        }

        if (body.Has("agentId"))
        {
            return Problems.Invalid("agentId", ErrorCodes.AgentNotFound, "There is no such agent.");
        }

        var member = body.Has("conversationId") ? "conversationId" : "id";
        switch (ChatBody.KindOf(body))
        {
            case ChatBodyKind.Both:
                return ChatBody.HasBoth();
            case ChatBodyKind.NoMessages:
                return ChatBody.HasNoMessages(body);
            case ChatBodyKind.UiMessages:
                return await history.AnswerAsync(http, body, format ?? WireFormatCatalog.Ui, ClientHistory.Ui, member);
            case ChatBodyKind.Message:
                if (TextValidation.CheckMessage("message", body.Text("message")) is { } badText)
                {
                    return badText;
                }

                if (!IdempotencyKeyHeader.TryRead(http, out var key, out var badKey))
                {
                    return badKey;
                }

                return await history.AnswerAsync(
                    http,
                    OneMessage(body, key),
                    format ?? WireFormatCatalog.Data,
                    ClientHistory.Plain,
                    member
                );
            default:
                // AI SDK 3 sends no id, and does not know the codes that version 4 added.
                var defaultFormat = body.Text("id") is null ? WireFormatCatalog.V3 : WireFormatCatalog.V4;
                return await history.AnswerAsync(http, body, format ?? defaultFormat, ClientHistory.Plain, member);
        }
    }

    /// <summary>
    /// Wraps one message as a history of one. It gets a unique name, so that it is always a new message, except in a retry with the same
    /// key.
    /// </summary>
    private static RawBody OneMessage(RawBody body, string? key)
    {
        var name = key is null ? Guid.NewGuid().ToString("N") : GenerationStarter.Fingerprint("message", key)[..32];
        var copy = JsonObject.Create(body.Root)!;
        copy["messages"] = new JsonArray(
            new JsonObject
            {
                ["id"] = $"m-{name}",
                ["role"] = "user",
                ["content"] = body.Text("message"),
            }
        );
        copy.Remove("message");
        return new RawBody(default, JsonSerializer.SerializeToElement(copy));
    }
}
