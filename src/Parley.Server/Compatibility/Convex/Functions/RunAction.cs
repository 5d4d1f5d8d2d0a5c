using Parley.Server.Http.Json;

namespace Parley.Server.Compatibility.Convex.Functions;

/// <summary><c>POST /api/action</c>: there are none, and a client is told so in its own words, whatever it asks for.</summary>
public static class RunAction
{
    public static IResult Handle() => ApiJson.Ok(FunctionCall.Failed.Of(ConvexFunctions.NoActions));
}
