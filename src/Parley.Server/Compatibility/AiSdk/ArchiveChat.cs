using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary>
/// <c>DELETE /api/v1/chat/{id}</c> and <c>POST /api/v1/chat/{id}/archive</c>: archives a conversation, which is then kept but not listed.
/// </summary>
public static class ArchiveChat
{
    public sealed record Archived(bool Success, string Id, DateTimeOffset ArchivedAt);

    public static async Task<IResult> Handle(
        string id,
        HttpContext http,
        IDatabase database,
        ChatStore store,
        ChangeFeed feed,
        TimeProvider time
    )
    {
        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("conversation");
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        if (await db.FindConversationAsync(id, http.RequestAborted) is not { } conversation)
        {
            return Problems.NotFound("conversation");
        }

        var at = conversation.ArchivedAt ?? DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
        if (conversation.ArchivedAt is null && !await store.ArchiveAsync(user.Owner, conversation.Id, at))
        {
            return Problems.NotFound("conversation");
        }

        feed.Changed(user.Owner, conversation.Id);
        return ApiJson.Ok(new Archived(true, id, at));
    }
}
