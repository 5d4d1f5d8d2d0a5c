using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary><c>POST /api/chat/{id}/stop</c>: stops what is being written in a chat. Leaving does not: <c>useChat</c>'s own <c>stop()</c> is no more than that.</summary>
public static class StopChat
{
    public sealed record StopResult(bool Stopped, string? GenerationId);

    public static async Task<IResult> Handle(string id, HttpContext http, ChatQueries chats, GenerationRunner runner)
    {
        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("chat");
        }

        OwnedGeneration? running;
        await using (var reads = await chats.OpenAsync(user.Owner, http.RequestAborted))
        {
            running = await reads.RunningAsync(id);
            if (running is null && await reads.TargetAsync(id, null) is null)
            {
                return Problems.NotFound("chat");
            }
        }

        if (running is not null)
        {
            await runner.StopAsync(running.Id, null, http.RequestAborted);
        }

        return ApiJson.Ok(new StopResult(running is not null, running?.Info.GenerationId));
    }
}
