using Parley.Server.Http.Errors;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary>
/// <c>DELETE /chat-stream/chats/{id}</c>: deletes a chat with its messages and its generation, which is fenced if it is running.
/// </summary>
public static class DeleteStreamChat
{
    public static async Task<IResult> Handle(string id, HttpContext http, StreamChats chats) =>
        await chats.DeleteAsync(CurrentUser.Of(http.User), id, http.RequestAborted) ? Results.NoContent() : Problems.NotFound("chat");
}
