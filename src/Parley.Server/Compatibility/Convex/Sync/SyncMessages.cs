using System.Buffers;
using System.Text.Json;
using Parley.Server.Compatibility.Convex.Functions;
using Parley.Server.Http.Json;

namespace Parley.Server.Compatibility.Convex.Sync;

/// <summary>A message of a client. Each type uses some of these members.</summary>
internal sealed record SyncMessage(
    string? Type,
    string? SessionId,
    string? MaxObservedTimestamp,
    uint? BaseVersion,
    uint? NewVersion,
    IReadOnlyList<QueryModification>? Modifications,
    uint? RequestId,
    string? UdfPath,
    JsonElement? Args,
    string? TokenType,
    string? Value
);

/// <summary>Adds a query to a client's set, or removes one.</summary>
internal sealed record QueryModification(string? Type, uint? QueryId, string? UdfPath, JsonElement? Args);

/// <summary>The change of one query in a transition: its new result, or null when it was removed.</summary>
internal readonly record struct StateModification(uint QueryId, FunctionResult? Result);

/// <summary>Writes the server's messages.</summary>
internal static class SyncMessages
{
    private static readonly JsonWriterOptions Options = new() { Encoder = ApiJson.Options.Encoder };

    public static ReadOnlyMemory<byte> Ping { get; } = Write("Ping"u8, static _ => { });

    public static ReadOnlyMemory<byte> Transition(SyncVersion start, SyncVersion end, IReadOnlyList<StateModification> modifications) =>
        Write(
            "Transition"u8,
            json =>
            {
                start.Write(json, "startVersion"u8);
                end.Write(json, "endVersion"u8);
                json.WriteStartArray("modifications"u8);
                foreach (var (queryId, result) in modifications)
                {
                    WriteModification(json, queryId, result);
                }

                json.WriteEndArray();
            },
            modifications.Sum(static modification => modification.Result?.Value.Length ?? 0)
        );

    public static ReadOnlyMemory<byte> MutationResponse(uint requestId, FunctionResult result, ulong timestamp) =>
        Write("MutationResponse"u8, json =>
        {
            WriteResponse(json, requestId, result);
            if (result.Failure is null)
            {
                SyncVersion.WriteTimestamp(json, timestamp);
            }
        });

    public static ReadOnlyMemory<byte> ActionResponse(uint requestId, FunctionResult result) =>
        Write("ActionResponse"u8, json => WriteResponse(json, requestId, result));

    public static ReadOnlyMemory<byte> FatalError(string error) => Write("FatalError"u8, json => json.WriteString("error"u8, error));

    /// <param name="error">A sentence for people.</param>
    /// <param name="identity">The current version of the connection's identity.</param>
    public static ReadOnlyMemory<byte> AuthError(string error, uint identity) => Write("AuthError"u8, json =>
        {
            json.WriteString("error"u8, error);
            json.WriteNumber("baseVersion"u8, identity);
            json.WriteBoolean("authUpdateAttempted"u8, true);
        });

    private static void WriteModification(Utf8JsonWriter json, uint queryId, FunctionResult? result)
    {
        json.WriteStartObject();
        json.WriteString(
            "type"u8,
            result is not { } known ? "QueryRemoved"u8
                : known.Failure is null ? "QueryUpdated"u8
                : "QueryFailed"u8
        );
        json.WriteNumber("queryId"u8, queryId);
        if (result is { } changed)
        {
            if (changed.Failure is { } failure)
            {
                json.WriteString("errorMessage"u8, failure.Detail);
                FunctionResult.WriteErrorData(json, failure);
            }
            else
            {
                json.WritePropertyName("value"u8);
                json.WriteRawValue(changed.Value.Span, skipInputValidation: true);
            }

            WriteNoLogLines(json);
            json.WriteNull("journal"u8);
        }

        json.WriteEndObject();
    }

    private static void WriteResponse(Utf8JsonWriter json, uint requestId, FunctionResult result)
    {
        json.WriteNumber("requestId"u8, requestId);
        json.WriteBoolean("success"u8, result.Failure is null);
        if (result.Failure is { } failure)
        {
            json.WriteString("result"u8, failure.Detail);
            FunctionResult.WriteErrorData(json, failure);
        }
        else
        {
            json.WritePropertyName("result"u8);
            json.WriteRawValue(result.Value.Span, skipInputValidation: true);
        }

        WriteNoLogLines(json);
    }

    private static void WriteNoLogLines(Utf8JsonWriter json)
    {
        json.WriteStartArray("logLines"u8);
        json.WriteEndArray();
    }

    private static ReadOnlyMemory<byte> Write(ReadOnlySpan<byte> type, Action<Utf8JsonWriter> write, int length = 0)
    {
        var output = new ArrayBufferWriter<byte>(length + 512);
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, type);
            write(json);
            json.WriteEndObject();
        }

        return output.WrittenMemory;
    }
}
