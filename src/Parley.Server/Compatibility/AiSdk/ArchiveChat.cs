using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary><c>DELETE /api/v1/chat/{id}</c> and <c>POST /api/v1/chat/{id}/archive</c>: out of the list, and kept.</summary>
public static class ArchiveChat
{
    public sealed record Archived(bool Success, string Id, DateTimeOffset ArchivedAt);

    public static async Task<IResult> Handle(
        string id,
        HttpContext http,
        ParleyDbContext db,
        ChatStore store,
        ChangeFeed feed,
        TimeProvider time
    )
    {
        var user = CurrentUser.Of(http.User);
        if (await ConversationLookup.FindAsync(db, user, id, http.RequestAborted) is not { } conversation)
        {
            return Problems.NotFound("conversation");
        }

        var at = conversation.ArchivedAt ?? DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
        if (conversation.ArchivedAt is null && !await store.ArchiveAsync(user!.TenantId, user.Id, conversation.Id, at))
        {
            return Problems.NotFound("conversation");
        }

        feed.Changed(user!.Id, conversation.Id);
        return ApiJson.Ok(new Archived(true, id, at));
    }
}
