using System.ComponentModel;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Features.Messages;

/// <summary>
/// <c>GET /api/v1/conversations/{id}/messages</c>: the active path in pages, from its end. The cost depends on the size of the page, not on
/// the length of the path.
/// </summary>
public static class ListMessages
{
    public sealed record Page(
        IReadOnlyList<MessageView> Items,
        [property:
            JsonIgnore(Condition = JsonIgnoreCondition.Never),
            Description("The `before` of the previous page; null on the first page.")
        ]
            string? Previous
    );

    public static async Task<IResult> Handle(string id, HttpContext http, IDatabase database, IGenerationStore store)
    {
        if (!Http.Query.HasOnly(http, ["limit", "before"], out var problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadLimit(http, 50, 200, out var limit, out problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "before", out var before, out problem))
        {
            return problem;
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("conversation");
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        if (await db.Conversations.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, http.RequestAborted) is not { } conversation)
        {
            return Problems.NotFound("conversation");
        }

        var leaf = conversation.ActiveMessageId;
        if (before is not null)
        {
            var at = await db
                .Messages.AsNoTracking()
                .Where(row => row.Id == before && row.ConversationId == id)
                .Select(row => new { row.ParentId })
                .SingleOrDefaultAsync(http.RequestAborted);
            if (at is null)
            {
                return Problems.Invalid("before", ErrorCodes.InvalidCursor, "There is no such message in this conversation.");
            }

            leaf = at.ParentId;
        }

        var path = await MessagePath.UpwardsAsync(db, id, leaf, limit + 1, http.RequestAborted);
        var page = path.Take(limit).Reverse().ToList();
        var previous = path.Count > limit ? page[0].Id : null;
        return ApiJson.Ok(new Page(await MessageView.OfAsync(db, store, page, http.RequestAborted), previous));
    }
}
