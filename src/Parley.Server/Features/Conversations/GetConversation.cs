using Microsoft.EntityFrameworkCore;
using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Features.Conversations;

/// <summary><c>GET /api/v1/conversations/{id}</c>.</summary>
public static class GetConversation
{
    public static async Task<IResult> Handle(string id, HttpContext http, IDatabase database)
    {
        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("conversation");
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        var found = await db.Conversations.AsNoTracking().Where(row => row.Id == id).ToListAsync(http.RequestAborted);
        return found.Count == 0
            ? Problems.NotFound("conversation")
            : ApiJson.Ok((await ConversationView.OfAsync(db, found, http.RequestAborted))[0]);
    }
}
