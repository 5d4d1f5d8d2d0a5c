using Microsoft.EntityFrameworkCore;
using Parley.Server.Contracts;
using Parley.Server.Data.Model;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Features.Messages;

/// <summary><c>GET /api/v1/messages/{id}</c>.</summary>
public static class GetMessage
{
    public static async Task<IResult> Handle(string id, HttpContext http, ParleyDbContext db, IGenerationStore store)
    {
        var user = CurrentUser.Of(http.User);
        var found = user is null
            ? []
            : await db
                .Messages.AsNoTracking()
                .Where(row => row.Id == id && row.TenantId == user.TenantId && row.OwnerId == user.Id)
                .ToListAsync(http.RequestAborted);
        return found.Count == 0
            ? Problems.NotFound("message")
            : ApiJson.Ok((await MessageView.OfAsync(db, store, found, http.RequestAborted))[0]);
    }
}
