using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.ChatSessions;

/// <summary><c>GET /chat/history?chatId=</c>: the messages of a chat, oldest first.</summary>
public static class GetChatHistory
{
    private const int MaxLimit = 1000;

    public sealed record History(string ChatId, IReadOnlyList<HistoryMessage> Messages, bool HasMore);

    public sealed record HistoryMessage(
        string Id,
        string Role,
        string Content,
        string Status,
        string? Model,
        string? FinishReason,
        DateTimeOffset CreatedAt
    );

    public static async Task<IResult> Handle(HttpContext http, IDatabase database, IGenerationStore store)
    {
        if (!Http.Query.HasOnly(http, ["chatId", "limit"], out var problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "chatId", out var name, out problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadLimit(http, MaxLimit, MaxLimit, out var limit, out problem))
        {
            return problem;
        }

        if (name is null)
        {
            return Problems.Invalid("chatId", ErrorCodes.Required, "chatId is required: the chatId that POST /chat/start returned.");
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("chat");
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        if (await db.FindConversationAsync(name, http.RequestAborted) is not { } conversation)
        {
            return Problems.NotFound("chat");
        }

        var path = await MessagePath.UpwardsAsync(db, conversation.Id, conversation.ActiveMessageId, limit + 1, http.RequestAborted);
        var page = path.Take(limit).Reverse().ToList();
        var messages = await MessageView.OfAsync(db, store, page, http.RequestAborted);
        return ApiJson.Ok(
            new History(
                name,
                [
                    .. messages.Select(row => new HistoryMessage(
                        row.Id,
                        row.Role,
                        row.Content,
                        row.Status,
                        row.Model,
                        row.FinishReason,
                        row.CreatedAt
                    )),
                ],
                path.Count > limit
            )
        );
    }
}
