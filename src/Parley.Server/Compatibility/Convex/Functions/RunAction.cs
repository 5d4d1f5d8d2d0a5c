using Parley.Server.Http.Json;

namespace Parley.Server.Compatibility.Convex.Functions;

/// <summary><c>POST /api/action</c>: always responds, in Convex's format, that there are no actions.</summary>
public static class RunAction
{
    public static IResult Handle() => ApiJson.Ok(FunctionCall.Failed.Of(ConvexFunctions.NoActions));
}
