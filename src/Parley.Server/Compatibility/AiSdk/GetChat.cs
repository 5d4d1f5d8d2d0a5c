using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary><c>GET /api/v1/chat/{id}</c>: a conversation with a page of its messages, the newest first unless <c>order=asc</c>.</summary>
public static class GetChat
{
    public sealed record ChatWithMessages(
        ListChats.Chat Conversation,
        IReadOnlyList<ChatMessageView> Messages,
        int Total,
        int Limit,
        int Offset
    );

    public sealed record ChatMessageView(
        string Id,
        string ConversationId,
        string Role,
        string Content,
        string Status,
        string? Model,
        string? FinishReason,
        long? PromptTokens,
        long? CompletionTokens,
        long? TotalTokens,
        DateTimeOffset CreatedAt
    );

    public static async Task<IResult> Handle(string id, HttpContext http, IDatabase database, IGenerationStore store)
    {
        if (!Http.Query.HasOnly(http, ["limit", "offset", "order"], out var problem))
        {
            return problem;
        }

        if (!Paging.TryRead(http, 50, 200, out var paging, out problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "order", out var order, out problem))
        {
            return problem;
        }

        if (order is not (null or "asc" or "desc"))
        {
            return Problems.Invalid("order", ErrorCodes.OutOfRange, "order must be asc or desc.");
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("conversation");
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        if (await db.FindConversationAsync(id, http.RequestAborted) is not { } conversation)
        {
            return Problems.NotFound("conversation");
        }

        var (rows, total) = await MessagePath.PageAsync(
            db,
            conversation,
            paging.Limit,
            paging.Offset,
            ascending: order == "asc",
            http.RequestAborted
        );
        var views = await MessageView.OfAsync(db, store, rows, http.RequestAborted);
        return ApiJson.Ok(
            new ChatWithMessages(
                ListChats.Chat.Of(conversation),
                [
                    .. views.Select(row => new ChatMessageView(
                        row.Id,
                        id,
                        row.Role,
                        row.Content,
                        row.Status,
                        row.Model,
                        row.FinishReason,
                        row.Usage?.InputTokens,
                        row.Usage?.OutputTokens,
                        row.Usage is { } usage ? usage.InputTokens + usage.OutputTokens : null,
                        row.CreatedAt
                    )),
                ],
                total,
                paging.Limit,
                paging.Offset
            )
        );
    }
}
