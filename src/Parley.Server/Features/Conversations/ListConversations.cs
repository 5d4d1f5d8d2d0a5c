using System.Buffers.Text;
using System.ComponentModel;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Features.Conversations;

/// <summary><c>GET /api/v1/conversations</c>: newest first, in pages.</summary>
public static class ListConversations
{
    public sealed record Page(
        IReadOnlyList<ConversationView> Items,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.Never), Description("The `cursor` of the next page; null on the last page.")]
            string? NextCursor,
        int Total
    );

    public static async Task<IResult> Handle(HttpContext http, IDatabase database)
    {
        if (!Http.Query.HasOnly(http, ["limit", "cursor"], out var problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadLimit(http, 50, 100, out var limit, out problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "cursor", out var cursor, out problem))
        {
            return problem;
        }

        DateTimeOffset before = default;
        var beforeId = "";
        if (cursor is not null && !TryDecode(cursor, out before, out beforeId))
        {
            return Problems.Invalid("cursor", ErrorCodes.InvalidCursor, "Invalid cursor. Use nextCursor of the previous page.");
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return ApiJson.Ok(new Page([], null, 0));
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        var mine = db.Conversations.AsNoTracking().Where(row => row.Kind == ConversationKind.Chat && row.ArchivedAt == null);
        var total = await mine.CountAsync(http.RequestAborted);
        var after = cursor is null
            ? mine
            : mine.Where(row => row.UpdatedAt < before || (row.UpdatedAt == before && string.Compare(row.Id, beforeId) < 0));
        var rows = await after
            .OrderByDescending(row => row.UpdatedAt)
            .ThenByDescending(row => row.Id)
            .Take(limit + 1)
            .ToListAsync(http.RequestAborted);
        var next = rows.Count > limit ? Encode(rows[limit - 1]) : null;
        return ApiJson.Ok(
            new Page(await ConversationView.OfAsync(db, rows[..Math.Min(limit, rows.Count)], http.RequestAborted), next, total)
        );
    }

    private static string Encode(Conversation last) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{last.UpdatedAt.ToUnixTimeMilliseconds()}|{last.Id}"));

    private static bool TryDecode(string cursor, out DateTimeOffset before, out string id)
    {
        (before, id) = (default, "");
        if (cursor.Length is 0 or > 128 || !Base64Url.IsValid(cursor))
        {
            return false;
        }

        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split('|');
        if (parts.Length != 2 || !Http.Query.TryParse(parts[0], out var at) || at > 253_402_300_799_999)
        {
            return false;
        }

        (before, id) = (DateTimeOffset.FromUnixTimeMilliseconds(at), parts[1]);
        return Guid.TryParseExact(id, "D", out _);
    }
}
