using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Prompts;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>The body of one Messages request. What the model would refuse is left out, or asked for in the way that it accepts.</summary>
internal sealed class AnthropicRequest(
    string model,
    AnthropicModel accepts,
    AlternatingPrompt prompt,
    ChatOptions options,
    AnthropicClientOptions server
)
{
    private const int MinThinkingTokens = 1024;
    private readonly int _maxTokens = options.MaxOutputTokens ?? server.MaxTokens ?? accepts.MaxTokens;

    private bool ForcesTools => options.ToolMode is RequiredChatToolMode && options.Tools is { Count: > 0 } && accepts.AcceptsForcedTools;

    public ReadOnlyMemory<byte> Write()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, RequestJson.Options);
        json.WriteStartObject();
        json.WriteString("model", RequestJson.Clean(model));
        json.WriteNumber("max_tokens", _maxTokens);
        json.WriteBoolean("stream", true);
        WriteSystem(json);
        new AnthropicMessageWriter(json, model, server.CachePrompt).Write(prompt);
        var isThinking = WriteThinking(json);
        WriteOutputConfig(json);
        if (accepts.AcceptsSampling && server.HasSampling && !isThinking)
        {
            WriteSampling(json);
        }

        WriteStops(json);
        WriteTools(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private void WriteSystem(Utf8JsonWriter json)
    {
        if (prompt.System is null)
        {
            return;
        }

        if (!server.CachePrompt)
        {
            json.WriteString("system", RequestJson.Clean(prompt.System));
            return;
        }

        json.WriteStartArray("system");
        json.WriteStartObject();
        json.WriteString("type", "text");
        json.WriteString("text", RequestJson.Clean(prompt.System));
        AnthropicMessageWriter.WriteCacheControl(json);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <returns>Whether the answer will have thinking, so that sampling can't be chosen.</returns>
    private bool WriteThinking(Utf8JsonWriter json)
    {
        var effort = options.Reasoning?.Effort;
        var isWanted = effort is not (null or ReasoningEffort.None);
        switch (accepts.Thinking)
        {
            case AnthropicThinking.Budget when isWanted && !ForcesTools && !ContinuesUnsignedCalls() && Budget(effort) is { } budget:
                json.WriteStartObject("thinking");
                json.WriteString("type", "enabled");
                json.WriteNumber("budget_tokens", budget);
                json.WriteEndObject();
                return true;
            case AnthropicThinking.Optional when isWanted && !ForcesTools:
            case AnthropicThinking.OnByDefault when effort != ReasoningEffort.None && !ForcesTools:
            case AnthropicThinking.Always:
                WriteAdaptive(json);
                return true;
            case AnthropicThinking.OnByDefault:
                json.WriteStartObject("thinking");
                json.WriteString("type", "disabled");
                json.WriteEndObject();
                return false;
            default:
                return false;
        }
    }

    private void WriteAdaptive(Utf8JsonWriter json)
    {
        json.WriteStartObject("thinking");
        json.WriteString("type", "adaptive");
        var isShown = server.ShowThinking && options.Reasoning?.Output != ReasoningOutput.None;
        json.WriteString("display", isShown ? "summarized" : "omitted");
        json.WriteEndObject();
    }

    // The tokens to think with are part of the answer's limit, and half of it is left for the answer.
    private int? Budget(ReasoningEffort? effort)
    {
        var wanted = effort switch
        {
            ReasoningEffort.Low => 2048,
            ReasoningEffort.High => 16_384,
            ReasoningEffort.ExtraHigh => 32_768,
            _ => 8192,
        };
        return Math.Min(wanted, _maxTokens / 2) is >= MinThinkingTokens and var budget ? budget : null;
    }

    // With a budget, an assistant message whose tool results are being sent must begin with its signed thinking.
    private bool ContinuesUnsignedCalls()
    {
        var turns = prompt.Turns;
        return turns.Count > 1
            && turns[^1].Contents.OfType<FunctionResultContent>().Any()
            && !turns[^2]
                .Contents.TakeWhile(content => content is TextReasoningContent)
                .Cast<TextReasoningContent>()
                .Any(thought => AnthropicSignedThinking.Unpack(thought.ProtectedData, model, out _) is not null);
    }

    private void WriteOutputConfig(Utf8JsonWriter json)
    {
        var effort = EffortName();
        var schema = accepts.AcceptsSchema && options.ResponseFormat is ChatResponseFormatJson { Schema: { } wanted } ? wanted : default;
        if (effort is null && schema.ValueKind == JsonValueKind.Undefined)
        {
            return;
        }

        json.WriteStartObject("output_config");
        if (effort is not null)
        {
            json.WriteString("effort", effort);
        }

        if (schema.ValueKind != JsonValueKind.Undefined)
        {
            json.WriteStartObject("format");
            json.WriteString("type", "json_schema");
            json.WritePropertyName("schema");
            schema.WriteTo(json);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private string? EffortName() =>
        !accepts.AcceptsEffort
            ? null
            : options.Reasoning?.Effort switch
            {
                ReasoningEffort.None when accepts.Thinking == AnthropicThinking.Always => "low",
                ReasoningEffort.Low => "low",
                ReasoningEffort.Medium => "medium",
                ReasoningEffort.High => "high",
                ReasoningEffort.ExtraHigh => accepts.AcceptsExtraHighEffort ? "xhigh" : "high",
                _ => null,
            };

    private void WriteSampling(Utf8JsonWriter json)
    {
        // Other providers take up to 2.
        RequestJson.WriteNumber(json, "temperature", options.Temperature is { } temperature ? Math.Clamp(temperature, 0, 1) : null);
        if (options.Temperature is null || accepts.AcceptsBothSampling)
        {
            RequestJson.WriteNumber(json, "top_p", options.TopP);
        }

        if (options.TopK is { } topK)
        {
            json.WriteNumber("top_k", topK);
        }
    }

    private void WriteStops(Utf8JsonWriter json)
    {
        if (options.StopSequences?.Where(stop => !string.IsNullOrWhiteSpace(stop)).ToArray() is not { Length: > 0 } stops)
        {
            return;
        }

        json.WriteStartArray("stop_sequences");
        foreach (var stop in stops)
        {
            json.WriteStringValue(RequestJson.Clean(stop));
        }

        json.WriteEndArray();
    }

    private void WriteTools(Utf8JsonWriter json)
    {
        AIFunctionDeclaration[] tools = [.. (options.Tools ?? []).OfType<AIFunctionDeclaration>()];
        string[] called = [.. prompt.CalledTools()];
        if (tools.Length == 0 && called.Length == 0)
        {
            return;
        }

        json.WriteStartArray("tools");
        foreach (var tool in tools)
        {
            WriteTool(json, tool);
        }

        // Calls in the conversation are refused where the request has no tools at all.
        foreach (var name in tools.Length == 0 ? called : [])
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteStartObject("input_schema");
            json.WriteString("type", "object");
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteToolChoice(json, hasTools: tools.Length > 0);
    }

    private static void WriteTool(Utf8JsonWriter json, AIFunctionDeclaration tool)
    {
        json.WriteStartObject();
        json.WriteString("name", tool.Name);
        if (!string.IsNullOrEmpty(tool.Description))
        {
            json.WriteString("description", RequestJson.Clean(tool.Description));
        }

        json.WritePropertyName("input_schema");
        tool.JsonSchema.WriteTo(json);
        if (tool.AdditionalProperties.GetValueOrDefault("strict") is true)
        {
            json.WriteBoolean("strict", true);
        }

        json.WriteEndObject();
    }

    private void WriteToolChoice(Utf8JsonWriter json, bool hasTools)
    {
        var (type, name) = options.ToolMode switch
        {
            _ when !hasTools => ("none", null),
            NoneChatToolMode => ("none", null),
            RequiredChatToolMode { RequiredFunctionName: { } function } when ForcesTools => ("tool", function),
            RequiredChatToolMode when ForcesTools => ("any", null),
            _ => ("auto", (string?)null),
        };
        var isSingle = options.AllowMultipleToolCalls == false && type != "none";
        if (type == "auto" && !isSingle)
        {
            return;
        }

        json.WriteStartObject("tool_choice");
        json.WriteString("type", type);
        if (name is not null)
        {
            json.WriteString("name", name);
        }

        if (isSingle)
        {
            json.WriteBoolean("disable_parallel_tool_use", true);
        }

        json.WriteEndObject();
    }
}
