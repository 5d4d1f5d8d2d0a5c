using System.Text.Json;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;

namespace Parley.Server.Compatibility.Convex.Functions;

/// <summary>What a function returned: a value as JSON, or why it failed.</summary>
/// <param name="Value">The value; empty for a failure.</param>
/// <param name="Failure">Why it failed; null for a value.</param>
/// <param name="ChangesAt">When the value changes because a session expires; null for never.</param>
internal readonly record struct FunctionResult(ReadOnlyMemory<byte> Value, Problem? Failure = null, DateTimeOffset? ChangesAt = null)
{
    private static readonly byte[] NullValue = "null"u8.ToArray();

    /// <summary>The result of functions without a value.</summary>
    public static FunctionResult Null => new(NullValue);

    public static FunctionResult Of<T>(T value) => new(JsonSerializer.SerializeToUtf8Bytes(value, ApiJson.Options));

    public static FunctionResult OfRows<T>(T rows, DateTimeOffset? changesAt) =>
        new(JsonSerializer.SerializeToUtf8Bytes(rows, StreamChatRow.Json), ChangesAt: changesAt);

    public static FunctionResult Failed(Problem problem) => new(default, problem);

    /// <summary>Writes <c>errorData</c>, from which a client creates a <c>ConvexError</c>.</summary>
    public static void WriteErrorData(Utf8JsonWriter json, Problem failure)
    {
        json.WriteStartObject("errorData"u8);
        json.WriteString("code"u8, failure.Code);
        json.WriteString("message"u8, failure.Detail);
        json.WriteEndObject();
    }
}
