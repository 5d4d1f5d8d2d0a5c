using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Features.Conversations;

/// <summary>
/// <c>DELETE /api/v1/conversations/{id}</c>: deletes it with its messages and generations; running generations are fenced and end.
/// </summary>
public static class DeleteConversation
{
    public static async Task<IResult> Handle(string id, HttpContext http, ChatStore store, GenerationRunner runner, ChangeFeed feed)
    {
        if (CurrentUser.Of(http.User) is not { } user || await store.DeleteAsync(user.Owner, id) is not { } fenced)
        {
            return Problems.NotFound("conversation");
        }

        foreach (var generation in fenced)
        {
            runner.Discard(generation);
        }

        feed.Changed(user.Owner, id);
        return Results.NoContent();
    }
}
