using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Prompts;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>
/// The body of one request for content. Penalties are never sent: most models refuse them. The model is in the path.
/// </summary>
internal sealed class GeminiRequest(string model, AlternatingPrompt prompt, ChatOptions options, GeminiClientOptions server)
{
    private const int MaxStops = 5;
    private readonly GeminiModel _accepts = GeminiModel.Of(model);
    private readonly AIFunctionDeclaration[] _tools = [.. (options.Tools ?? []).OfType<AIFunctionDeclaration>()];

    public ReadOnlyMemory<byte> Write()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, RequestJson.Options);
        json.WriteStartObject();
        if (prompt.System is not null)
        {
            json.WriteStartObject("systemInstruction");
            json.WriteStartArray("parts");
            json.WriteStartObject();
            json.WriteString("text", RequestJson.Clean(prompt.System));
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        new GeminiContentWriter(json, model, _accepts.RequiresSignatures).Write(prompt);
        WriteTools(json);
        WriteConfig(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private void WriteTools(Utf8JsonWriter json)
    {
        if (_tools.Length == 0)
        {
            return;
        }

        json.WriteStartArray("tools");
        json.WriteStartObject();
        json.WriteStartArray("functionDeclarations");
        foreach (var tool in _tools)
        {
            json.WriteStartObject();
            json.WriteString("name", tool.Name);
            json.WriteString("description", RequestJson.Clean(string.IsNullOrEmpty(tool.Description) ? tool.Name : tool.Description));
            if (GeminiSchema.HasProperties(tool.JsonSchema))
            {
                json.WritePropertyName("parametersJsonSchema");
                GeminiSchema.Write(json, tool.JsonSchema);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        WriteToolMode(json);
    }

    private void WriteToolMode(Utf8JsonWriter json)
    {
        if (options.ToolMode is not (NoneChatToolMode or RequiredChatToolMode))
        {
            return;
        }

        json.WriteStartObject("toolConfig");
        json.WriteStartObject("functionCallingConfig");
        json.WriteString("mode", options.ToolMode is NoneChatToolMode ? "NONE" : "ANY");
        if (options.ToolMode is RequiredChatToolMode { RequiredFunctionName: { } name })
        {
            json.WriteStartArray("allowedFunctionNames");
            json.WriteStringValue(name);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteConfig(Utf8JsonWriter json)
    {
        json.WriteStartObject("generationConfig");
        if (options.MaxOutputTokens is { } limit)
        {
            json.WriteNumber("maxOutputTokens", limit);
        }

        RequestJson.WriteNumber(json, "temperature", options.Temperature);
        RequestJson.WriteNumber(json, "topP", options.TopP);
        if (options.TopK is { } topK)
        {
            json.WriteNumber("topK", topK);
        }

        if (options.Seed is >= int.MinValue and <= int.MaxValue and { } seed)
        {
            json.WriteNumber("seed", seed);
        }

        if (options.StopSequences?.Where(stop => stop.Length > 0).Take(MaxStops).ToArray() is { Length: > 0 } stops)
        {
            json.WriteStartArray("stopSequences");
            foreach (var stop in stops)
            {
                json.WriteStringValue(RequestJson.Clean(stop));
            }

            json.WriteEndArray();
        }

        WriteFormat(json);
        WriteThinking(json);
        json.WriteEndObject();
    }

    private void WriteFormat(Utf8JsonWriter json)
    {
        if (options.ResponseFormat is not ChatResponseFormatJson format || (_tools.Length > 0 && !_accepts.AcceptsFormatWithTools))
        {
            return;
        }

        json.WriteString("responseMimeType", "application/json");
        if (format.Schema is { } schema)
        {
            json.WritePropertyName("responseJsonSchema");
            GeminiSchema.Write(json, schema);
        }
    }

    private void WriteThinking(Utf8JsonWriter json)
    {
        var effort = options.Reasoning?.Effort;
        var stops = effort == ReasoningEffort.None && _accepts.CanStopThinking;
        var isShown = server.ShowThinking && options.Reasoning?.Output != ReasoningOutput.None && !stops;
        if (!_accepts.Thinks || (effort is null && !isShown))
        {
            return;
        }

        json.WriteStartObject("thinkingConfig");
        if (isShown)
        {
            json.WriteBoolean("includeThoughts", true);
        }

        if (effort is { } level && _accepts.HasThinkingLevels)
        {
            json.WriteString("thinkingLevel", LevelOf(level));
        }
        else if (effort is { } budget)
        {
            json.WriteNumber("thinkingBudget", BudgetOf(budget));
        }

        json.WriteEndObject();
    }

    // The lowest level that all models have.
    private static string LevelOf(ReasoningEffort effort) =>
        effort switch
        {
            ReasoningEffort.None or ReasoningEffort.Low => "low",
            ReasoningEffort.Medium => "medium",
            _ => "high",
        };

    // The smallest and the largest number of tokens that all models with a budget have.
    private int BudgetOf(ReasoningEffort effort) =>
        effort switch
        {
            ReasoningEffort.None => _accepts.CanStopThinking ? 0 : 512,
            ReasoningEffort.Low => 1024,
            ReasoningEffort.Medium => 8192,
            _ => 24_576,
        };
}
