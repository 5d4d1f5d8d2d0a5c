using System.Text.Json;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex.Functions;

/// <summary><c>POST /api/query</c>: returns the current result of a query.</summary>
public static class RunQuery
{
    /// <summary>The members of a body that are read.</summary>
    public sealed record Request(string? Path, JsonElement? Args);

    public static async Task<IResult> Handle(HttpContext http, ConvexFunctions functions)
    {
        if ((await StrictJson.ReadRawAsync(http, StrictJson.MaxBytes)).IsBad(out var bad, out var body))
        {
            return bad;
        }

        if (body.AsTolerant<Request>().IsBad(out bad, out var request))
        {
            return bad;
        }

        if (!FunctionCall.TryRead(request.Path, request.Args, out var path, out var args, out var problem))
        {
            return problem;
        }

        return FunctionCall.Respond(await functions.QueryAsync(CurrentUser.Of(http.User), path, args, http.RequestAborted));
    }
}
