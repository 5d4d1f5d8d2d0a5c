using Parley.Server.Http.Errors;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary><c>POST /v1/responses/{id}/cancel</c>: stops a Response. Does nothing if it has ended.</summary>
public static class CancelResponse
{
    public static async Task<IResult> Handle(string id, HttpContext http, ResponseReader responses, GenerationRunner runner)
    {
        if (await responses.FindAsync(CurrentUser.Of(http.User), id, http.RequestAborted) is not { } found)
        {
            return Problems.NotFound("response");
        }

        await runner.StopAsync(found.Generation.Id, null, http.RequestAborted);
        return await responses.ObjectAsync(found, http.RequestAborted);
    }
}
