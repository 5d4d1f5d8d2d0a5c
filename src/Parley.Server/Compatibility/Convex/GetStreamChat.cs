using Parley.Server.Http.Errors;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary><c>GET /chat-stream/chats/{id}</c>.</summary>
public static class GetStreamChat
{
    public static IResult Handle(string id, HttpContext http, StreamChats chats) =>
        chats.Find(CurrentUser.Of(http.User), id) is { } chat ? Results.Json(chat, StreamChatRow.Json) : Problems.NotFound("chat");
}
