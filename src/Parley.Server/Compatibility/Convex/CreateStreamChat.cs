using System.Text.Json.Serialization;
using Parley.Server.Data.Model;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary><c>POST /chat-stream/create</c>: stores a chat, and returns the stream that answers it.</summary>
public static class CreateStreamChat
{
    public sealed record Request(string? Prompt, string? Title, [property: JsonPropertyName("user_id")] string? UserId, string? Model);

    public sealed record Created(string ChatId, string StreamId)
    {
        internal static Created Of(ChatSession stream) => new(stream.ConversationId, stream.Id);
    }

    public static async Task<IResult> Handle(HttpContext http, StreamChats chats, TimeProvider time)
    {
        if ((await StrictJson.ReadAsync<Request>(http)).IsBad(out var bad, out var request))
        {
            return bad;
        }

        var chat = new NewChat(request.Prompt, request.Title, request.UserId, request.Model);
        if (chats.Check(CurrentUser.Of(http.User), chat, out var route) is { } refused)
        {
            return refused;
        }

        var (stream, problem) = await chats.CreateAsync(await http.CurrentUserOrNewAsync(time), chat, route);
        return stream is null ? problem! : ApiJson.Created($"/chat-stream/chats/{stream.ConversationId}", Created.Of(stream), http);
    }
}
