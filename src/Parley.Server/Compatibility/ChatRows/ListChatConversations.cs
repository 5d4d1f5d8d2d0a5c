using Microsoft.EntityFrameworkCore;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Http;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.ChatRows;

/// <summary><c>GET /api/chat/conversations</c>.</summary>
public static class ListChatConversations
{
    public sealed record Page(IReadOnlyList<ChatConversationRow> Conversations, int Total, int Limit, int Offset);

    public static async Task<IResult> Handle(HttpContext http, IDatabase database)
    {
        if (!Http.Query.HasOnly(http, ["limit", "offset", "user_id"], out var problem))
        {
            return problem;
        }

        if (!Paging.TryRead(http, 50, 100, out var paging, out problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "user_id", out var userId, out problem))
        {
            return problem;
        }

        if (ChatConversationEndpoints.CheckUserId(http, userId) is { } notYours)
        {
            return notYours;
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Results.Json(new Page([], 0, paging.Limit, paging.Offset), ChatConversationEndpoints.Json);
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        var mine = db.Conversations.AsNoTracking().Where(row => row.Kind == ConversationKind.Chat && row.ArchivedAt == null);
        var total = await mine.CountAsync(http.RequestAborted);
        var rows = await mine.OrderByDescending(row => row.UpdatedAt)
            .ThenByDescending(row => row.Id)
            .Skip(paging.Offset)
            .Take(paging.Limit)
            .ToListAsync(http.RequestAborted);
        return Results.Json(
            new Page(
                [.. rows.Select(row => ChatConversationRow.Of(row, ChatConversationEndpoints.UserId))],
                total,
                paging.Limit,
                paging.Offset
            ),
            ChatConversationEndpoints.Json
        );
    }
}
