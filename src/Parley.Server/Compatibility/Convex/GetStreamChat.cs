using Parley.Server.Http.Errors;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary><c>GET /chat-stream/chats/{id}</c>.</summary>
public static class GetStreamChat
{
    public static async Task<IResult> Handle(string id, HttpContext http, StreamChats chats) =>
        await chats.FindAsync(CurrentUser.Of(http.User), id, http.RequestAborted) is { } chat
            ? Results.Json(chat, StreamChatRow.Json)
            : Problems.NotFound("chat");
}
