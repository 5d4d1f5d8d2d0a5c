using Parley.Server.Contracts;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Features.Generations;

/// <summary><c>GET /api/v1/generations/{id}</c>: the state of a generation.</summary>
public static class GetGeneration
{
    public static async Task<IResult> Handle(string id, HttpContext http, ChatQueries chats, GenerationViews views) =>
        await chats.GenerationAsync(CurrentUser.Of(http.User)?.Owner, id, http.RequestAborted) is { } found
            ? ApiJson.Ok(await views.OfAsync(found, http.RequestAborted))
            : Problems.NotFound("generation");
}
