using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>
/// A generation as the Response object of OpenAI's Responses API: in events, when it is retrieved, and as the body for a request that is
/// not streamed.
/// </summary>
public static class ResponseObject
{
    private static readonly FrozenSet<string> NoTools = FrozenSet<string>.Empty;

    /// <summary>Writes the object.</summary>
    /// <param name="info">The generation.</param>
    /// <param name="log">Its log so far.</param>
    /// <param name="request">
    /// The client's request, whose fields the object repeats. A field that it leaves out has OpenAI's default, or null where the model
    /// decides.
    /// </param>
    /// <param name="output">The output.</param>
    /// <param name="status">The status; null for that of the log.</param>
    /// <param name="model">The model's name for this client; null for Parley's own.</param>
    public static void Write(
        GenerationInfo info,
        LogSnapshot log,
        JsonElement? request,
        IBufferWriter<byte> output,
        ResponseStatus? status = null,
        string? model = null
    )
    {
        using var json = new Utf8JsonWriter(output, JsonText.Options);
        Write(info, log, request, json, status ?? ResponseStatuses.Of(log.Ended), model);
    }

    internal static void Write(
        GenerationInfo info,
        LogSnapshot log,
        JsonElement? request,
        Utf8JsonWriter json,
        ResponseStatus status,
        string? model
    )
    {
        var asked = request is { ValueKind: JsonValueKind.Object } given ? given : default;
        json.WriteStartObject();
        json.WriteString("id"u8, OpenAIIds.OfResponse(info));
        json.WriteString("object"u8, "response"u8);
        json.WriteNumber("created_at"u8, info.CreatedAt.ToUnixTimeSeconds());
        json.WriteString("status"u8, status.Name());
        Repeat(asked, "background"u8, "false"u8, json);
        WriteError(log.Ended?.Error, json);
        WriteIncomplete(status, log.Ended?.FinishReason, json);
        Repeat(asked, "instructions"u8, "null"u8, json);
        Repeat(asked, "max_output_tokens"u8, "null"u8, json);
        Repeat(asked, "metadata"u8, "{}"u8, json);
        json.WriteString("model"u8, model ?? info.Model);
        json.WriteStartArray("output"u8);
        foreach (var item in ResponseOutput.Of(info, log, ToolsOf(request)))
        {
            item.Write(json);
        }

        json.WriteEndArray();
        Repeat(asked, "parallel_tool_calls"u8, "true"u8, json);
        Repeat(asked, "previous_response_id"u8, "null"u8, json);
        WriteReasoning(asked, json);
        Repeat(asked, "store"u8, "true"u8, json);
        Repeat(asked, "temperature"u8, "null"u8, json);
        WriteText(asked, json);
        Repeat(asked, "tool_choice"u8, "\"auto\""u8, json);
        Repeat(asked, "tools"u8, "[]"u8, json);
        Repeat(asked, "top_p"u8, "null"u8, json);
        Repeat(asked, "truncation"u8, "\"disabled\""u8, json);
        WriteUsage(log.Ended?.Usage, json);
        Repeat(asked, "user"u8, "null"u8, json);
        json.WriteEndObject();
    }

    /// <summary>The names of the tools that a request declares.</summary>
    internal static IReadOnlySet<string> ToolsOf(JsonElement? request)
    {
        if (
            request is not { ValueKind: JsonValueKind.Object } given
            || !given.TryGetProperty("tools"u8, out var tools)
            || tools.ValueKind != JsonValueKind.Array
        )
        {
            return NoTools;
        }

        HashSet<string> names = [];
        foreach (var tool in tools.EnumerateArray())
        {
            if (
                tool.ValueKind == JsonValueKind.Object
                && tool.TryGetProperty("name"u8, out var name)
                && name.ValueKind == JsonValueKind.String
            )
            {
                names.Add(name.GetString()!);
            }
        }

        return names;
    }

    /// <summary>Writes a field as the client sent it.</summary>
    private static void Repeat(JsonElement asked, ReadOnlySpan<byte> name, ReadOnlySpan<byte> otherwise, Utf8JsonWriter json)
    {
        json.WritePropertyName(name);
        if (Find(asked, name) is { } value)
        {
            value.WriteTo(json);
        }
        else
        {
            json.WriteRawValue(otherwise, skipInputValidation: true);
        }
    }

    private static void WriteReasoning(JsonElement asked, Utf8JsonWriter json)
    {
        var reasoning = Find(asked, "reasoning"u8) ?? default;
        json.WriteStartObject("reasoning"u8);
        Repeat(reasoning, "effort"u8, "null"u8, json);
        Repeat(reasoning, "summary"u8, "null"u8, json);
        json.WriteEndObject();
    }

    private static void WriteText(JsonElement asked, Utf8JsonWriter json)
    {
        var text = Find(asked, "text"u8) ?? default;
        json.WriteStartObject("text"u8);
        Repeat(text, "format"u8, "{\"type\":\"text\"}"u8, json);
        if (Find(text, "verbosity"u8) is not null)
        {
            Repeat(text, "verbosity"u8, default, json);
        }

        json.WriteEndObject();
    }

    private static void WriteError(GenerationError? error, Utf8JsonWriter json)
    {
        if (error is null)
        {
            json.WriteNull("error"u8);
            return;
        }

        json.WriteStartObject("error"u8);
        json.WriteString("code"u8, OpenAIErrors.ResponseCode(error.Code));
        json.WriteString("message"u8, error.Message);
        json.WriteEndObject();
    }

    private static void WriteIncomplete(ResponseStatus status, string? finishReason, Utf8JsonWriter json)
    {
        if (status != ResponseStatus.Incomplete)
        {
            json.WriteNull("incomplete_details"u8);
            return;
        }

        json.WriteStartObject("incomplete_details"u8);
        json.WriteString("reason"u8, finishReason == FinishReasons.ContentFilter ? "content_filter"u8 : "max_output_tokens"u8);
        json.WriteEndObject();
    }

    private static void WriteUsage(GenerationUsage? usage, Utf8JsonWriter json)
    {
        if (usage is null)
        {
            json.WriteNull("usage"u8);
            return;
        }

        json.WriteStartObject("usage"u8);
        json.WriteNumber("input_tokens"u8, usage.InputTokens);
        json.WriteStartObject("input_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.CachedInputTokens ?? 0);
        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, usage.OutputTokens);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, usage.ReasoningTokens ?? 0);
        json.WriteEndObject();
        json.WriteNumber("total_tokens"u8, usage.InputTokens + usage.OutputTokens);
        json.WriteEndObject();
    }

    /// <summary>A field that is present and not null.</summary>
    private static JsonElement? Find(JsonElement parent, ReadOnlySpan<byte> name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;
}
