using Microsoft.EntityFrameworkCore;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary>
/// <c>GET /api/v1/chat</c>: conversations, the newest message first; archived ones only with <c>archived=include</c> or <c>only</c>.
/// </summary>
public static class ListChats
{
    public sealed record Page(IReadOnlyList<Chat> Conversations, int Total, int Limit, int Offset);

    public sealed record Chat(
        string Id,
        string Title,
        string? Model,
        int MessageCount,
        long TotalTokens,
        DateTimeOffset? LastMessageAt,
        string? LastMessage,
        bool Archived,
        DateTimeOffset CreatedAt,
        DateTimeOffset UpdatedAt
    )
    {
        internal static Chat Of(Conversation row) =>
            new(
                row.ExternalId ?? row.Id,
                row.Title,
                row.Model,
                row.MessageCount,
                row.TotalTokens,
                row.LastMessageAt,
                row.LastMessagePreview,
                row.ArchivedAt is not null,
                row.CreatedAt,
                row.UpdatedAt
            );
    }

    public static async Task<IResult> Handle(HttpContext http, IDatabase database)
    {
        if (!Http.Query.HasOnly(http, ["limit", "offset", "archived"], out var problem))
        {
            return problem;
        }

        if (!Paging.TryRead(http, 50, 100, out var paging, out problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "archived", out var archived, out problem))
        {
            return problem;
        }

        if (archived is not (null or "exclude" or "include" or "only"))
        {
            return Problems.Invalid("archived", ErrorCodes.OutOfRange, "archived must be exclude, include or only.");
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return ApiJson.Ok(new Page([], 0, paging.Limit, paging.Offset));
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        var mine = db.Conversations.AsNoTracking().Where(row => row.Kind == ConversationKind.Chat);
        if (archived is null or "exclude")
        {
            mine = mine.Where(row => row.ArchivedAt == null);
        }
        else if (archived == "only")
        {
            mine = mine.Where(row => row.ArchivedAt != null);
        }

        var total = await mine.CountAsync(http.RequestAborted);
        var rows = await mine.OrderByDescending(row => row.UpdatedAt)
            .ThenByDescending(row => row.Id)
            .Skip(paging.Offset)
            .Take(paging.Limit)
            .ToListAsync(http.RequestAborted);
        return ApiJson.Ok(new Page([.. rows.Select(Chat.Of)], total, paging.Limit, paging.Offset));
    }
}
