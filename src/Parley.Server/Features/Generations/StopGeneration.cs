using System.ComponentModel;
using Parley.Server.Contracts;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Features.Generations;

/// <summary><c>POST /api/v1/generations/{id}/stop</c>: stops the generation at the position that the client has displayed.</summary>
public static class StopGeneration
{
    public sealed record Request(
        [property: Description("The last position that the client has displayed. Text beyond it is stored, but not shown.")] long? Position
    );

    public static async Task<IResult> Handle(string id, HttpContext http, ChatQueries chats, GenerationRunner runner, GenerationViews views)
    {
        if ((await StrictJson.ReadAsync(http, new Request(null))).IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (await chats.GenerationAsync(CurrentUser.Of(http.User)?.Owner, id, http.RequestAborted) is not { } found)
        {
            return Problems.NotFound("generation");
        }

        if (request.Position is { } position)
        {
            var check = await runner.CheckAsync(found.Id, position, http.RequestAborted);
            if (check is PositionCheck.Beyond or PositionCheck.InsideCharacter)
            {
                return Problems.Invalid("position", ErrorCodes.InvalidPosition, "Invalid position. Use the id of the last event received.");
            }
        }

        await runner.StopAsync(found.Id, request.Position, http.RequestAborted);
        return await chats.GenerationAsync(CurrentUser.Of(http.User)?.Owner, id, http.RequestAborted) is { } ended
            ? ApiJson.Ok(await views.OfAsync(ended, http.RequestAborted))
            : Problems.NotFound("generation");
    }
}
