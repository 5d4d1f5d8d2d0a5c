using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary><c>POST /api/chat/{id}/stop</c>: stops what is being written in a chat. Leaving does not: <c>useChat</c>'s own <c>stop()</c> is no more than that.</summary>
public static class StopChat
{
    public sealed record StopResult(bool Stopped, string? GenerationId);

    public static async Task<IResult> Handle(
        string id,
        HttpContext http,
        ReplyTargets places,
        StoredMessages paths,
        GenerationRunner runner
    )
    {
        if (CurrentUser.Of(http.User) is not { } user || places.Find(user, id, null) is not { } place)
        {
            return Problems.NotFound("chat");
        }

        var running = paths.Running(place.ConversationId);
        if (GenerationId.TryParse(running, out var generation))
        {
            await runner.StopAsync(generation, null, http.RequestAborted);
        }

        return ApiJson.Ok(new StopResult(running is not null, running));
    }
}
