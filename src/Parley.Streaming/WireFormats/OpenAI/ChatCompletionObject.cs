using System.Buffers;
using System.Text;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>A whole answer as the one JSON object of Chat Completions.</summary>
public static class ChatCompletionObject
{
    /// <summary>Writes the object of a log that has ended without an error. Of a stopped generation, text beyond
    /// <see cref="GenerationEnded.StoppedAt"/> is left out.</summary>
    /// <param name="info">The generation.</param>
    /// <param name="log">Its whole log.</param>
    /// <param name="declaredTools">The names of the tools that the client declared; calls of other tools are left out.</param>
    /// <param name="output">The output.</param>
    /// <param name="model">The model's name for this client; null for Parley's own.</param>
    public static void Write(
        GenerationInfo info,
        LogSnapshot log,
        IReadOnlySet<string>? declaredTools,
        IBufferWriter<byte> output,
        string? model = null
    )
    {
        var end = log.Ended;
        if (end?.StoppedAt is { } seen)
        {
            log = log.UpTo(log.BoundaryAt(seen));
        }

        var text = log.TextOf(PartKind.Text);
        var reasoning = log.TextOf(PartKind.Reasoning);
        var calls = Calls(log, declaredTools);

        using var json = new Utf8JsonWriter(output, JsonText.Options);
        json.WriteStartObject();
        json.WriteString("id"u8, OpenAIIds.OfCompletion(info));
        json.WriteString("object"u8, "chat.completion"u8);
        json.WriteNumber("created"u8, info.CreatedAt.ToUnixTimeSeconds());
        json.WriteString("model"u8, model ?? info.Model);
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, 0);
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        if (text.Length == 0 && calls.Count > 0)
        {
            json.WriteNull("content"u8);
        }
        else
        {
            json.WriteString("content"u8, text);
        }

        json.WriteNull("refusal"u8);
        if (reasoning.Length > 0)
        {
            json.WriteString("reasoning_content"u8, reasoning);
            json.WriteString("reasoning"u8, reasoning);
        }

        if (calls.Count > 0)
        {
            WriteCalls(calls, json);
        }

        json.WriteEndObject();
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, FinishReason(end, calls.Count > 0));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WritePropertyName("usage"u8);
        WriteUsage(end?.Usage, json);
        json.WriteEndObject();
    }

    /// <summary>
    /// Why the answer ends, in OpenAI's terms. It is <c>tool_calls</c> exactly when there are calls for the client, whatever reason the
    /// model gave.
    /// </summary>
    internal static string FinishReason(GenerationEnded? end, bool hasCalls) =>
        end switch
        {
            { FinishReason: FinishReasons.Length } => "length",
            { FinishReason: FinishReasons.ContentFilter } => "content_filter",
            { Status: GenerationStatus.Completed } when hasCalls => "tool_calls",
            _ => "stop",
        };

    /// <summary>Writes the usage; zeros when it is unknown.</summary>
    internal static void WriteUsage(GenerationUsage? usage, Utf8JsonWriter json)
    {
        usage ??= new GenerationUsage(0, 0);
        json.WriteStartObject();
        json.WriteNumber("prompt_tokens"u8, usage.InputTokens);
        json.WriteNumber("completion_tokens"u8, usage.OutputTokens);
        json.WriteNumber("total_tokens"u8, usage.InputTokens + usage.OutputTokens);
        if (usage.CachedInputTokens is { } cached)
        {
            json.WriteStartObject("prompt_tokens_details"u8);
            json.WriteNumber("cached_tokens"u8, cached);
            json.WriteEndObject();
        }

        if (usage.ReasoningTokens is { } reasoning)
        {
            json.WriteStartObject("completion_tokens_details"u8);
            json.WriteNumber("reasoning_tokens"u8, reasoning);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static List<(PartOpened Call, StringBuilder Arguments)> Calls(LogSnapshot log, IReadOnlySet<string>? tools)
    {
        List<(PartOpened Call, StringBuilder Arguments)> calls = [];
        foreach (var entry in log.From(0))
        {
            if (entry.Control is PartOpened { Part: PartKind.Tool } call && tools?.Contains(call.Name ?? "") == true)
            {
                calls.Add((call, new StringBuilder()));
            }
            else if (entry.Part is { Part: PartKind.Tool } part && calls.Count > 0 && ReferenceEquals(calls[^1].Call, part))
            {
                calls[^1].Arguments.Append(Encoding.UTF8.GetString(entry.Text));
            }
        }

        return calls;
    }

    private static void WriteCalls(List<(PartOpened Call, StringBuilder Arguments)> calls, Utf8JsonWriter json)
    {
        json.WriteStartArray("tool_calls"u8);
        foreach (var (call, arguments) in calls)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, call.CallId);
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, call.Name);
            json.WriteString("arguments"u8, arguments.Length > 0 ? arguments.ToString() : "{}");
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
