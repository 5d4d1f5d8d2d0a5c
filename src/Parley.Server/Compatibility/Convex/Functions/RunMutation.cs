using System.Text.Json;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex.Functions;

/// <summary><c>POST /api/mutation</c>: runs a mutation.</summary>
public static class RunMutation
{
    /// <summary>The members of a body that are read.</summary>
    public sealed record Request(string? Path, JsonElement? Args);

    public static async Task<IResult> Handle(HttpContext http, ConvexFunctions functions, TimeProvider time)
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

        return FunctionCall.Respond(
            await functions.MutateAsync(await http.CurrentUserOrNewAsync(time), path, args, null, http.RequestAborted)
        );
    }
}
