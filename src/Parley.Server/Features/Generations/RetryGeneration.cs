using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Features.Generations;

/// <summary><c>POST /api/v1/generations/{id}/retry</c>: answers the same message again, beside the first answer.</summary>
public static class RetryGeneration
{
    public sealed record Request(string? Model, bool? Stream);

    public static async Task<IResult> Handle(string id, HttpContext http, OwnedGenerations lookup, RegenerateAnswer again)
    {
        if ((await StrictJson.ReadAsync(http, new Request(null, null))).IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (CurrentUser.Of(http.User) is not { } user || lookup.Find(user, id) is not { } found)
        {
            return Problems.NotFound("generation");
        }

        return await again.StartAsync(http, user, found, request.Model, null, ResponseMode.Native(request.Stream ?? true));
    }
}
