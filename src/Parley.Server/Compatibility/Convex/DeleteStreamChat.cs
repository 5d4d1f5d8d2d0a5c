using Parley.Server.Http.Errors;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary><c>DELETE /chat-stream/chats/{id}</c>: it goes with all that belongs to it; an answer that is being written ends.</summary>
public static class DeleteStreamChat
{
    public static async Task<IResult> Handle(string id, HttpContext http, StreamChats chats) =>
        await chats.DeleteAsync(CurrentUser.Of(http.User), id, http.RequestAborted) ? Results.NoContent() : Problems.NotFound("chat");
}
