using Parley.Server.Data;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>Answers a message that was answered before: from the beginning, or going on with the first answer's log.</summary>
public sealed class RegenerateAnswer(
    GenerationStarter starter,
    OwnedGenerations lookup,
    PromptBuilder askedMessages,
    ModelRouter router,
    TimeProvider time
)
{
    public async Task<IResult> StartAsync(
        HttpContext http,
        CurrentUser user,
        OwnedGeneration first,
        string? model,
        FoldedLog? continues,
        ResponseMode shape
    )
    {
        if (!IdempotencyKeyHeader.TryRead(http, out var key, out var badKey))
        {
            return badKey;
        }

        if (router.Resolve(model ?? first.Info.Model) is not { } route)
        {
            return ModelProblems.NotFound(model ?? first.Info.Model);
        }

        if (first.Status == "running" && continues is null && (key is null || !starter.IsKnown(user, key)))
        {
            return Problems.Of(
                StatusCodes.Status409Conflict,
                "answer_running",
                "This answer is still being written. Wait for it, or stop it."
            );
        }

        var asked = lookup.RequestOf(first.Id);
        var (messages, options) = askedMessages.Of(asked, user.Id, first.Info.ConversationId, first.ParentId);
        var now = time.GetUtcNow();
        var start = new StartRequest
        {
            TenantId = user.TenantId,
            OwnerId = user.Id,
            Now = now,
            ConversationId = first.Info.ConversationId,
            IsNewConversation = false,
            ParentId = first.ParentId,
            UserMessageId = "",
            MessageId = Guid.CreateVersion7(now).ToString(),
            GenerationId = Guid.CreateVersion7(now).ToString(),
            Model = route.Id,
            ContinuesId = continues is null ? null : first.Info.GenerationId,
            ContinuesTo = continues?.End,
            Request = asked,
            IdempotencyKey = key,
            Fingerprint = GenerationStarter.Fingerprint(
                continues is null ? "retry" : "continue",
                first.Info.GenerationId,
                continues?.End.ToString(System.Globalization.CultureInfo.InvariantCulture),
                model
            ),
        };
        return await starter.StartAsync(http, user, start, route, messages, continues is { End: > 0 } ? continues : null, shape, options);
    }
}
