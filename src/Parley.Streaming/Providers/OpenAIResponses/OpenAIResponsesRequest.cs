using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Prompts;

namespace Parley.Streaming.Providers.OpenAIResponses;

/// <summary>
/// The body of one Responses request. The server stores nothing: the whole conversation is sent each time. What a model that reasons would
/// refuse is left out.
/// </summary>
internal sealed partial class OpenAIResponsesRequest(string model, AlternatingPrompt prompt, ChatOptions options, bool showsThinking)
{
    private const int MinTokens = 16;
    private readonly bool _reasons = ReasoningModel().IsMatch(model);

    public ReadOnlyMemory<byte> Write()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, RequestJson.Options);
        json.WriteStartObject();
        json.WriteString("model", RequestJson.Clean(model));
        json.WriteBoolean("stream", true);
        json.WriteBoolean("store", false);
        if (prompt.System is not null)
        {
            json.WriteString("instructions", RequestJson.Clean(prompt.System));
        }

        new OpenAIResponsesInputWriter(json, model).Write(prompt);
        if (options.MaxOutputTokens is { } limit)
        {
            json.WriteNumber("max_output_tokens", Math.Max(limit, MinTokens));
        }

        if (!_reasons)
        {
            RequestJson.WriteNumber(json, "temperature", options.Temperature);
            RequestJson.WriteNumber(json, "top_p", options.TopP);
        }

        WriteReasoning(json);
        WriteFormat(json);
        WriteTools(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private void WriteReasoning(Utf8JsonWriter json)
    {
        var effort = options.Reasoning?.Effort;
        var isShown = _reasons && showsThinking && options.Reasoning?.Output != ReasoningOutput.None;
        if (_reasons)
        {
            json.WriteStartArray("include");
            json.WriteStringValue("reasoning.encrypted_content");
            json.WriteEndArray();
        }

        if (effort is null && !isShown)
        {
            return;
        }

        json.WriteStartObject("reasoning");
        if (effort is not null)
        {
            json.WriteString(
                "effort",
                effort switch
                {
                    ReasoningEffort.None => "none",
                    ReasoningEffort.Low => "low",
                    ReasoningEffort.High => "high",
                    ReasoningEffort.ExtraHigh => "xhigh",
                    _ => "medium",
                }
            );
        }

        if (isShown)
        {
            json.WriteString("summary", "auto");
        }

        json.WriteEndObject();
    }

    private void WriteFormat(Utf8JsonWriter json)
    {
        if (options.ResponseFormat is not ChatResponseFormatJson format)
        {
            return;
        }

        json.WriteStartObject("text");
        json.WriteStartObject("format");
        json.WriteString("type", format.Schema is null ? "json_object" : "json_schema");
        if (format.Schema is { } schema)
        {
            json.WriteString("name", format.SchemaName ?? "answer");
            if (options.AdditionalProperties?.GetValueOrDefault("strict") is bool strict)
            {
                json.WriteBoolean("strict", strict);
            }

            json.WritePropertyName("schema");
            schema.WriteTo(json);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteTools(Utf8JsonWriter json)
    {
        AIFunctionDeclaration[] tools = [.. (options.Tools ?? []).OfType<AIFunctionDeclaration>()];
        if (tools.Length == 0)
        {
            return;
        }

        json.WriteStartArray("tools");
        foreach (var tool in tools)
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteString("name", tool.Name);
            if (!string.IsNullOrEmpty(tool.Description))
            {
                json.WriteString("description", RequestJson.Clean(tool.Description));
            }

            json.WritePropertyName("parameters");
            tool.JsonSchema.WriteTo(json);
            // The API's own default, true, refuses schemas that Chat Completions accepts.
            json.WriteBoolean("strict", tool.AdditionalProperties.GetValueOrDefault("strict") is true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (options.AllowMultipleToolCalls is { } parallel)
        {
            json.WriteBoolean("parallel_tool_calls", parallel);
        }

        switch (options.ToolMode)
        {
            case NoneChatToolMode:
                json.WriteString("tool_choice", "none");
                break;
            case RequiredChatToolMode { RequiredFunctionName: { } name }:
                json.WriteStartObject("tool_choice");
                json.WriteString("type", "function");
                json.WriteString("name", name);
                json.WriteEndObject();
                break;
            case RequiredChatToolMode:
                json.WriteString("tool_choice", "required");
                break;
        }
    }

    // o3, o4-mini, gpt-5, gpt-5.6-sol; not gpt-5-chat-latest.
    [GeneratedRegex(@"(?:^|/)(?:o\d|gpt-(?:[5-9]|\d\d)(?!.*chat)|gpt-oss)", RegexOptions.CultureInvariant)]
    private static partial Regex ReasoningModel();
}
