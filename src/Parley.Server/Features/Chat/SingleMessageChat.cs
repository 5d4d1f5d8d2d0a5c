using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.AI;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Features.Chat;

/// <summary><c>{ message, conversationId?, model? }</c>: a person's turn, and the answer to it. Parley's own clients speak it, and seed 004's.</summary>
public sealed class SingleMessageChat(
    GenerationStarter starter,
    ReplyTargets places,
    ConversationHistory history,
    ModelRouter router,
    TimeProvider time
)
{
    public sealed record Request(
        [property: Required, Description("What the person writes; 1 MiB at most.")] string? Message,
        [property: Description("The conversation to go on with; without it a new one begins.")] string? ConversationId,
        [property: Description("The message to answer under; without it the newest.")] string? ParentId,
        [property: Description("`provider/model`, an alias or `auto`; without it the conversation's own.")] string? Model,
        [property: Description("`false`: one JSON object, when the answer has ended.")] bool? Stream
    );

    internal async Task<IResult> AnswerAsync(HttpContext http, RawBody body, Func<GenerationInfo, WireFormat>? format)
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

        if (router.Resolve(request.Model) is not { } asked)
        {
            return ModelProblems.NotFound(request.Model);
        }

        var user = await http.CurrentUserOrNewAsync(time);
        var now = time.GetUtcNow();
        var place = request.ConversationId is null ? null : places.Find(user, request.ConversationId, request.ParentId);
        if (request.ConversationId is not null && place is null)
        {
            return Problems.NotFound("conversation");
        }

        if (request.ConversationId is null && request.ParentId is not null)
        {
            return Problems.Invalid("parentId", "conversation_required", "parentId needs a conversationId.");
        }

        var isRetry = key is not null && starter.IsKnown(user, key);
        if (place is { ParentIsRunning: true } && !isRetry)
        {
            return Problems.Of(
                StatusCodes.Status409Conflict,
                "answer_running",
                "The answer before this message is still being written. Wait for it, or stop it."
            );
        }

        // What the conversation was held with before, unless the request says, or that model is gone.
        var route = request.Model is null && place?.Model is { } usual ? router.Resolve(usual) ?? asked : asked;
        var start = new StartRequest
        {
            TenantId = user.TenantId,
            OwnerId = user.Id,
            Now = now,
            ConversationId = place?.ConversationId ?? NewId(now),
            IsNewConversation = place is null,
            ParentId = place?.ParentId,
            WhileNewestIs = request.ParentId is null ? place?.ParentId : null,
            UserText = request.Message!,
            UserMessageId = NewId(now),
            MessageId = NewId(now),
            GenerationId = NewId(now),
            Model = route.Id,
            IdempotencyKey = key,
            Fingerprint = GenerationStarter.Fingerprint("chat", request.Message, request.ConversationId, request.ParentId, request.Model),
        };
        List<ChatMessage> messages =
        [
            .. history.Load(start.ConversationId, start.ParentId),
            new ChatMessage(ChatRole.User, request.Message),
        ];
        var streamed = request.Stream ?? true;
        var shape = streamed && format is not null ? ResponseMode.Streamed(format) : ResponseMode.Native(streamed);
        return await starter.StartAsync(http, user, start, route, messages, null, shape);
    }

    private static string NewId(DateTimeOffset now) => Guid.CreateVersion7(now).ToString();
}
