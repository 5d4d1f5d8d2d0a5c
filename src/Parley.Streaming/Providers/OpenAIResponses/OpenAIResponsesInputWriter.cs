using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Prompts;

namespace Parley.Streaming.Providers.OpenAIResponses;

/// <summary>Writes the conversation of one request as a list of items: messages, reasoning, calls and their results.</summary>
/// <param name="json">The request's body.</param>
/// <param name="model">The model, to which encrypted reasoning must belong.</param>
internal sealed class OpenAIResponsesInputWriter(Utf8JsonWriter json, string model)
{
    private bool _isMessageOpen;

    public void Write(AlternatingPrompt prompt)
    {
        json.WriteStartArray("input");
        foreach (var turn in prompt.Turns)
        {
            foreach (var content in turn.Contents)
            {
                WriteContent(content, turn.IsAssistant);
            }

            CloseMessage();
        }

        json.WriteEndArray();
    }

    private void WriteContent(AIContent content, bool isAssistant)
    {
        switch (content)
        {
            case TextReasoningContent thought:
                CloseMessage();
                WriteReasoning(thought);
                break;
            case FunctionCallContent call:
                CloseMessage();
                json.WriteStartObject();
                json.WriteString("type", "function_call");
                json.WriteString("call_id", call.CallId);
                json.WriteString("name", call.Name);
                json.WriteString("arguments", call.Arguments is null ? "{}" : JsonSerializer.Serialize(call.Arguments));
                json.WriteEndObject();
                break;
            case FunctionResultContent result:
                CloseMessage();
                json.WriteStartObject();
                json.WriteString("type", "function_call_output");
                json.WriteString("call_id", result.CallId);
                json.WriteString("output", RequestJson.TextOf(result));
                json.WriteEndObject();
                break;
            default:
                OpenMessage(isAssistant);
                json.WriteStartObject();
                WritePart(content, isAssistant);
                json.WriteEndObject();
                break;
        }
    }

    private void WriteReasoning(TextReasoningContent thought)
    {
        if (OpenAIResponsesReasoning.Unpack(thought.ProtectedData, model) is not var (id, encrypted))
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("type", "reasoning");
        json.WriteString("id", id);
        json.WriteStartArray("summary");
        json.WriteEndArray();
        json.WriteString("encrypted_content", encrypted);
        json.WriteEndObject();
    }

    private void WritePart(AIContent content, bool isAssistant)
    {
        switch (content)
        {
            case TextContent text:
                json.WriteString("type", isAssistant ? "output_text" : "input_text");
                json.WriteString("text", RequestJson.Clean(text.Text));
                break;
            case DataContent data when data.HasTopLevelMediaType("image"):
                json.WriteString("type", "input_image");
                json.WriteString("image_url", data.Uri);
                break;
            case UriContent link when link.HasTopLevelMediaType("image"):
                json.WriteString("type", "input_image");
                json.WriteString("image_url", link.Uri.AbsoluteUri);
                break;
            case DataContent data:
                json.WriteString("type", "input_file");
                json.WriteString("filename", RequestJson.Clean(data.Name ?? "file"));
                json.WriteString("file_data", data.Uri);
                break;
            case UriContent link:
                json.WriteString("type", "input_file");
                json.WriteString("file_url", link.Uri.AbsoluteUri);
                break;
        }
    }

    private void OpenMessage(bool isAssistant)
    {
        if (_isMessageOpen)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("role", isAssistant ? "assistant" : "user");
        json.WriteStartArray("content");
        _isMessageOpen = true;
    }

    private void CloseMessage()
    {
        if (!_isMessageOpen)
        {
            return;
        }

        json.WriteEndArray();
        json.WriteEndObject();
        _isMessageOpen = false;
    }
}
