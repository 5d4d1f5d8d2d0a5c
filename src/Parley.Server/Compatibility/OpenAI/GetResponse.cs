using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>
/// <c>GET /v1/responses/{id}</c>: the current state, or, with <c>stream=true</c>, the events after number <c>starting_after</c>.
/// </summary>
public static class GetResponse
{
    public static async Task<IResult> Handle(string id, HttpContext http, ResponseReader responses, ResumeGeneration resumption)
    {
        if (await responses.FindAsync(CurrentUser.Of(http.User), id, http.RequestAborted) is not { } found)
        {
            return Problems.NotFound("response");
        }

        if (!Http.Query.TryReadOnce(http, "stream", out var stream, out var problem))
        {
            return problem;
        }

        if (stream is not (null or "true" or "false"))
        {
            return Problems.Invalid("stream", ErrorCodes.WrongType, "stream must be true or false.");
        }

        if (!Http.Query.TryReadOnce(http, "starting_after", out var after, out problem))
        {
            return problem;
        }

        long number = 0;
        if (after is not null && !Http.Query.TryParse(after, out number))
        {
            return Problems.Invalid("starting_after", ErrorCodes.WrongType, "starting_after must be the sequence_number of an event.");
        }

        if (stream != "true")
        {
            return await responses.ObjectAsync(found, http.RequestAborted);
        }

        return await resumption.FromStartAsync(
            http,
            found.Generation,
            new ResponseEvents(found.Info, found.Request, after is null ? null : number, found.Model)
        );
    }
}
