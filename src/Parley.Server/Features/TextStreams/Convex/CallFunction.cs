using System.Buffers;
using System.Text.Json;
using Parley.Server.Http;
using Parley.Server.Identity;

namespace Parley.Server.Features.TextStreams.Convex;

/// <summary><c>POST /api/query</c>, <c>/api/mutation</c> and <c>/api/action</c>: what <c>ConvexHttpClient</c> calls.</summary>
public static class CallFunction
{
    /// <summary>Says that the function failed, and not the server.</summary>
    private const int FunctionFailed = 560;

    private static readonly JsonWriterOptions Options = new() { Encoder = ApiJson.Options.Encoder };

    /// <summary>What is read of a body.</summary>
    public sealed record Request(string? Path, JsonElement? Args);

    public static Task<IResult> HandleQuery(HttpContext http, ConvexFunctions functions) =>
        CallAsync(http, (path, args) => functions.QueryAsync(CurrentUser.Of(http.User), path, args, http.RequestAborted));

    public static Task<IResult> HandleMutation(HttpContext http, ConvexFunctions functions, TimeProvider time) =>
        CallAsync(http, async (path, args) => await functions.MutateAsync(await http.CurrentUserOrNewAsync(time), path, args, null));

    public static Task<IResult> HandleAction(HttpContext http) => CallAsync(http, static (path, _) => Task.FromResult(ConvexFunctions.Act(path)));

    private static async Task<IResult> CallAsync(HttpContext http, Func<string, JsonElement, Task<FunctionResult>> call)
    {
        if ((await StrictJson.ReadRawAsync(http, StrictJson.MostBytes)).IsBad(out var bad, out var body)) return bad;
        if (body.AsTolerant<Request>().IsBad(out bad, out var request)) return bad;
        if (request.Path is null) return Problems.Invalid("path", "required", "path names the function, as ai_chat:createChat.");
        if (ConvexFunctions.ArgumentsOf(request.Args) is not { } args) return Problems.Invalid("args", "wrong_type", "args is one object, or an array that holds it.");
        var result = await call(request.Path, args);
        return Results.Bytes(Write(result), "application/json; charset=utf-8").WithStatus(http, result.Failure is null ? StatusCodes.Status200OK : FunctionFailed);
    }

    private static ReadOnlyMemory<byte> Write(FunctionResult result)
    {
        var output = new ArrayBufferWriter<byte>(result.Value.Length + 128);
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            json.WriteString("status"u8, result.Failure is null ? "success" : "error");
            if (result.Failure is { } failure)
            {
                json.WriteString("errorMessage"u8, failure.Detail);
                FunctionResult.WriteErrorData(json, failure);
            }
            else
            {
                json.WritePropertyName("value"u8);
                json.WriteRawValue(result.Value.Span, skipInputValidation: true);
            }

            json.WriteStartArray("logLines"u8);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return output.WrittenMemory;
    }

    private static IResult WithStatus(this IResult result, HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        return result;
    }
}
