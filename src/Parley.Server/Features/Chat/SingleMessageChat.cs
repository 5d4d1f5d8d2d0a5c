using System.ComponentModel;
using Parley.Server.Contracts;
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

namespace Parley.Server.Features.Chat;

/// <summary><c>{ message, conversationId?, model? }</c>: one message to answer. The body of Parley's own clients.</summary>
public sealed class SingleMessageChat(GenerationStarter starter, ModelRouter router, TimeProvider time) : IChatDialect
{
    public RequestBodyMetadata Body { get; } = new(typeof(Request));

    public IReadOnlyList<(string Client, string Json)> Examples { get; } = [("Parley", """{"message":"Hello"}""")];

    public IReadOnlyList<ChatBodyKind> Kinds { get; } = [ChatBodyKind.Message];

    public sealed record Request(
        [property: SchemaRequired, Description("The message; at most 1 MiB.")] string? Message,
        [property: Description("The conversation to continue. Default: a new one.")] string? ConversationId,
        [property: Description("The parent of the message. Default: the newest message.")] string? ParentId,
        [property: Description("`provider/model`, an alias or `auto`. Default: the conversation's model.")] string? Model,
        [property: Description("`false`: one JSON object, when the generation has ended.")] bool? Stream
    );

    public async Task<IResult> AnswerAsync(HttpContext http, RawBody body, ChatBodyKind kind, NamedWireFormat? format)
    {
        if (body.As<Request>().IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (TextValidation.CheckMessage("message", request.Message) is { } badText)
        {
            return badText;
        }

        if (!IdempotencyKeyHeader.TryRead(http, out var key, out var badKey))
        {
            return badKey;
        }

        if (ModelChoice.Of(router, request.Model) is not { } model)
        {
            return ModelProblems.NotFound(router, request.Model);
        }

        if (request.ConversationId is null && request.ParentId is not null)
        {
            return Problems.Invalid("parentId", ErrorCodes.ConversationRequired, "parentId needs a conversationId.");
        }

        var user = await http.CurrentUserOrNewAsync(time);
        var (owner, now) = (user.Owner, time.GetUtcNow());
        var fingerprint = GenerationStarter.Fingerprint("chat", request.Message, request.ConversationId, request.ParentId, request.Model);
        StartCommand command = request.ConversationId is { } conversation
            ? new SendMessage
            {
                Owner = owner,
                Now = now,
                ChooseModel = model,
                IdempotencyKey = key,
                Fingerprint = fingerprint,
                Conversation = conversation,
                ParentId = request.ParentId,
                Text = request.Message!,
            }
            : new BeginConversation
            {
                Owner = owner,
                Now = now,
                ChooseModel = model,
                IdempotencyKey = key,
                Fingerprint = fingerprint,
                Conversation = new NewConversation(null, ConversationKind.Chat, null, []),
                Message = new NewMessage(request.Message!),
            };
        var streamed = request.Stream ?? true;
        return await starter.StartAsync(
            http,
            command,
            streamed && format is not null ? ResponseMode.Streamed(format.Create) : ResponseMode.Native(streamed)
        );
    }
}
