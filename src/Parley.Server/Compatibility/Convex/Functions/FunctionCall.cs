using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;

namespace Parley.Server.Compatibility.Convex.Functions;

/// <summary>A call of a function over HTTP, as <c>ConvexHttpClient</c> makes it, and its response.</summary>
internal static class FunctionCall
{
    /// <summary>The status for a failure of the function, not of the server.</summary>
    public const int FunctionFailed = 560;

    private static readonly JsonWriterOptions Options = new() { Encoder = ApiJson.Options.Encoder };

    /// <summary>Reads the function and its arguments. False when they are missing or invalid.</summary>
    public static bool TryRead(
        string? path,
        JsonElement? args,
        [NotNullWhen(true)] out string? function,
        out JsonElement arguments,
        [NotNullWhen(false)] out Problem? problem
    )
    {
        (function, problem) = (path, null);
        var known = ConvexFunctions.ArgumentsOf(args);
        arguments = known ?? default;
        if (path is null)
        {
            problem = Problems.Invalid("path", ErrorCodes.Required, "path is required: the function, such as ai_chat:createChat.");
        }
        else if (known is null)
        {
            problem = Problems.Invalid("args", ErrorCodes.WrongType, "args must be one object, or an array with one object.");
        }

        return problem is null;
    }

    public static IResult Respond(FunctionResult result) =>
        result.Failure is { } failure
            ? Results.Json(Failed.Of(failure), ApiJson.Options, statusCode: FunctionFailed)
            : Results.Bytes(Write(result.Value.Span), "application/json; charset=utf-8");

    /// <summary>Writes the value, which is already JSON, without parsing it.</summary>
    private static ReadOnlyMemory<byte> Write(ReadOnlySpan<byte> value)
    {
        var output = new ArrayBufferWriter<byte>(value.Length + 64);
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            json.WriteString("status"u8, "success");
            json.WritePropertyName("value"u8);
            json.WriteRawValue(value, skipInputValidation: true);
            json.WriteStartArray("logLines"u8);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return output.WrittenMemory;
    }

    /// <summary>The response of a function that succeeded.</summary>
    public sealed record Succeeded(string Status, JsonElement Value, IReadOnlyList<string> LogLines);

    /// <summary>The response of a function that failed.</summary>
    public sealed record Failed(string Status, string ErrorMessage, Error ErrorData, IReadOnlyList<string> LogLines)
    {
        public static Failed Of(Problem problem) => new("error", problem.Detail, new Error(problem.Code, problem.Detail), []);
    }

    /// <summary>The <c>data</c> of the client's <c>ConvexError</c>.</summary>
    public sealed record Error(string Code, string Message);
}
