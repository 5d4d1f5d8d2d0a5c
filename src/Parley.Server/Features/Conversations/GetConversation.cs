using Microsoft.EntityFrameworkCore;
using Parley.Server.Contracts;
using Parley.Server.Data.Model;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Features.Conversations;

/// <summary><c>GET /api/v1/conversations/{id}</c>.</summary>
public static class GetConversation
{
    public static async Task<IResult> Handle(string id, HttpContext http, ParleyDbContext db)
    {
        var user = CurrentUser.Of(http.User);
        var found = user is null
            ? []
            : await db
                .Conversations.AsNoTracking()
                .Where(row => row.Id == id && row.TenantId == user.TenantId && row.OwnerId == user.Id)
                .ToListAsync(http.RequestAborted);
        return found.Count == 0
            ? Problems.NotFound("conversation")
            : ApiJson.Ok((await ConversationView.OfAsync(db, found, http.RequestAborted))[0]);
    }
}
