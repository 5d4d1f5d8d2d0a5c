using Microsoft.EntityFrameworkCore;
using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Features.Messages;

/// <summary><c>GET /api/v1/messages/{id}</c>.</summary>
public static class GetMessage
{
    public static async Task<IResult> Handle(string id, HttpContext http, IDatabase database, IGenerationStore store)
    {
        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("message");
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        var found = await db.Messages.AsNoTracking().Where(row => row.Id == id).ToListAsync(http.RequestAborted);
        return found.Count == 0
            ? Problems.NotFound("message")
            : ApiJson.Ok((await MessageView.OfAsync(db, store, found, http.RequestAborted))[0]);
    }
}
