using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary><c>POST /chat-stream/chats/{id}/status</c>: sets the status, if the chat's generation allows it.</summary>
public static class SetStreamChatStatus
{
    public sealed record Request(string? Status);

    public static async Task<IResult> Handle(string id, HttpContext http, StreamChats chats)
    {
        if ((await StrictJson.ReadAsync<Request>(http)).IsBad(out var bad, out var request))
        {
            return bad;
        }

        var (chat, problem) = await chats.SetStatusAsync(CurrentUser.Of(http.User), id, request.Status, http.RequestAborted);
        return chat is null ? problem! : Results.Json(chat, StreamChatRow.Json);
    }
}
