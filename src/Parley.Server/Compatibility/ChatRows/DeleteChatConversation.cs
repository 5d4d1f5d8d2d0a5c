using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.ChatRows;

/// <summary><c>DELETE /api/chat/conversations?id=</c>: deletes a conversation with its messages.</summary>
public static class DeleteChatConversation
{
    public sealed record Deleted(bool Success, string Id);

    public static async Task<IResult> Handle(
        HttpContext http,
        IDatabase database,
        ChatStore store,
        GenerationRunner runner,
        ChangeFeed feed
    )
    {
        if (!Http.Query.TryReadOnce(http, "id", out var id, out var problem))
        {
            return problem;
        }

        if (id is null)
        {
            return Problems.Invalid("id", ErrorCodes.Required, "id is required: the conversation to delete.");
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("conversation");
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        if (
            await db.FindConversationAsync(id, http.RequestAborted) is not { } conversation
            || await store.DeleteAsync(user.Owner, conversation.Id) is not { } fenced
        )
        {
            return Problems.NotFound("conversation");
        }

        foreach (var generation in fenced)
        {
            runner.Discard(generation);
        }

        feed.Changed(user.Owner, conversation.Id);
        return ApiJson.Ok(new Deleted(true, id));
    }
}
