using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Prompts;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>Writes the body of a Chat Completions request.</summary>
internal static class OpenAIRequestWriter
{
    public static ReadOnlyMemory<byte> Write(
        string model,
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        OpenAIClientOptions server
    )
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, RequestJson.Options);
        json.WriteStartObject();
        json.WriteString("model", RequestJson.Clean(model));
        json.WriteBoolean("stream", true);
        if (server.IncludeUsage)
        {
            json.WriteStartObject("stream_options");
            json.WriteBoolean("include_usage", true);
            json.WriteEndObject();
        }

        var continues = OpenAIMessageWriter.Write(json, messages, options?.Instructions, server.PrefixStyle);
        if (continues && server.PrefixStyle == PrefixStyle.ContinueFinalMessage)
        {
            json.WriteBoolean("continue_final_message", true);
            json.WriteBoolean("add_generation_prompt", false);
        }

        if (options is not null)
        {
            WriteOptions(json, options, server);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteOptions(Utf8JsonWriter json, ChatOptions options, OpenAIClientOptions server)
    {
        if (options.MaxOutputTokens is { } limit)
        {
            json.WriteNumber(server.UseMaxCompletionTokens ? "max_completion_tokens" : "max_tokens", limit);
        }

        RequestJson.WriteNumber(json, "temperature", options.Temperature);
        RequestJson.WriteNumber(json, "top_p", options.TopP);
        RequestJson.WriteNumber(json, "frequency_penalty", options.FrequencyPenalty);
        RequestJson.WriteNumber(json, "presence_penalty", options.PresencePenalty);
        if (options.Seed is { } seed)
        {
            json.WriteNumber("seed", seed);
        }

        if (options.StopSequences is { Count: > 0 } stops)
        {
            json.WriteStartArray("stop");
            foreach (var stop in stops)
            {
                json.WriteStringValue(RequestJson.Clean(stop));
            }

            json.WriteEndArray();
        }

        if (options.Reasoning?.Effort is { } effort)
        {
            json.WriteString("reasoning_effort", Name(effort));
        }

        if (options.ResponseFormat is ChatResponseFormatJson format)
        {
            WriteFormat(json, format, options);
        }

        if (options.Tools is { Count: > 0 } tools)
        {
            WriteTools(json, tools, options);
        }
    }

    private static string Name(ReasoningEffort effort) =>
        effort switch
        {
            ReasoningEffort.None => "none",
            ReasoningEffort.Low => "low",
            ReasoningEffort.High => "high",
            ReasoningEffort.ExtraHigh => "xhigh",
            _ => "medium",
        };

    private static void WriteFormat(Utf8JsonWriter json, ChatResponseFormatJson format, ChatOptions options)
    {
        json.WriteStartObject("response_format");
        json.WriteString("type", format.Schema is null ? "json_object" : "json_schema");
        if (format.Schema is { } schema)
        {
            json.WriteStartObject("json_schema");
            json.WriteString("name", format.SchemaName ?? "answer");
            if (!string.IsNullOrEmpty(format.SchemaDescription))
            {
                json.WriteString("description", RequestJson.Clean(format.SchemaDescription));
            }

            WriteStrict(json, options.AdditionalProperties?.GetValueOrDefault("strict"));
            json.WritePropertyName("schema");
            schema.WriteTo(json);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, IList<AITool> tools, ChatOptions options)
    {
        json.WriteStartArray("tools");
        foreach (var tool in tools.OfType<AIFunctionDeclaration>())
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", tool.Name);
            if (!string.IsNullOrEmpty(tool.Description))
            {
                json.WriteString("description", RequestJson.Clean(tool.Description));
            }

            json.WritePropertyName("parameters");
            tool.JsonSchema.WriteTo(json);
            WriteStrict(json, tool.AdditionalProperties.GetValueOrDefault("strict"));
            json.WriteEndObject();
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
                json.WriteStartObject("function");
                json.WriteString("name", name);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case RequiredChatToolMode:
                json.WriteString("tool_choice", "required");
                break;
        }
    }

    private static void WriteStrict(Utf8JsonWriter json, object? strict)
    {
        if (strict is bool value)
        {
            json.WriteBoolean("strict", value);
        }
    }
}
