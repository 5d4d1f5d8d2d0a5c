using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary>
/// <c>POST /api/chat/{id}/stop</c>: stops the running generation of a chat. <c>useChat</c>'s <c>stop()</c> only disconnects, which does not
/// stop it.
/// </summary>
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
