using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary><c>GET /chat-stream/chats</c>: newest first.</summary>
public static class ListStreamChats
{
    internal const int DefaultLimit = 50,
        MaxLimit = 1000;

    public sealed record Page(IReadOnlyList<StreamChatRow> Chats);

    public static async Task<IResult> Handle(HttpContext http, StreamChats chats)
    {
        if (!Http.Query.HasOnly(http, ["limit", "user_id"], out var problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadLimit(http, DefaultLimit, MaxLimit, out var limit, out problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "user_id", out var userId, out problem))
        {
            return problem;
        }

        var user = CurrentUser.Of(http.User);
        return ClaimedUser.Check(user, userId)
            ?? Results.Json(new Page(await chats.ListAsync(user, limit, http.RequestAborted)), StreamChatRow.Json);
    }
}
