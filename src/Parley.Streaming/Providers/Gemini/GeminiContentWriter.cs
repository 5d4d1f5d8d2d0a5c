using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Prompts;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>Writes the conversation of one request as lists of parts.</summary>
/// <param name="json">The request's body.</param>
/// <param name="model">The model, to which signatures must belong.</param>
/// <param name="requiresSignatures">The first call of each turn needs a signature.</param>
internal sealed class GeminiContentWriter(Utf8JsonWriter json, string model, bool requiresSignatures)
{
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private string? _signature;

    public void Write(AlternatingPrompt prompt)
    {
        json.WriteStartArray("contents");
        foreach (var turn in prompt.Turns)
        {
            _signature = requiresSignatures ? GeminiSignature.Unknown : null;
            json.WriteStartObject();
            json.WriteString("role", turn.IsAssistant ? "model" : "user");
            json.WriteStartArray("parts");
            foreach (var content in turn.Contents)
            {
                WritePart(content);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WritePart(AIContent content)
    {
        if (content is TextReasoningContent thought)
        {
            _signature = GeminiSignature.Unpack(thought.ProtectedData, model) ?? _signature;
            return;
        }

        json.WriteStartObject();
        switch (content)
        {
            case TextContent text:
                json.WriteString("text", RequestJson.Clean(text.Text));
                break;
            case FunctionCallContent call:
                WriteCall(call);
                break;
            case FunctionResultContent result:
                WriteResult(result);
                break;
            case DataContent data:
                json.WriteStartObject("inlineData");
                json.WriteString("mimeType", data.MediaType);
                json.WriteString("data", data.Base64Data.Span);
                json.WriteEndObject();
                break;
            case UriContent link:
                json.WriteStartObject("fileData");
                json.WriteString("mimeType", link.MediaType);
                json.WriteString("fileUri", link.Uri.AbsoluteUri);
                json.WriteEndObject();
                break;
        }

        json.WriteEndObject();
    }

    // Of calls side by side, only the first one has a signature.
    private void WriteCall(FunctionCallContent call)
    {
        _names[call.CallId] = call.Name;
        json.WriteStartObject("functionCall");
        json.WriteString("id", call.CallId);
        json.WriteString("name", call.Name);
        json.WritePropertyName("args");
        JsonSerializer.Serialize(json, call.Arguments ?? new Dictionary<string, object?>());
        json.WriteEndObject();
        if (_signature is not null)
        {
            json.WriteString("thoughtSignature", _signature);
            _signature = null;
        }
    }

    private void WriteResult(FunctionResultContent result)
    {
        json.WriteStartObject("functionResponse");
        json.WriteString("id", result.CallId);
        json.WriteString("name", _names.GetValueOrDefault(result.CallId, "unknown"));
        json.WritePropertyName("response");
        var value = result.Result is null or string ? default : JsonSerializer.SerializeToElement(result.Result);
        if (value.ValueKind == JsonValueKind.Object)
        {
            value.WriteTo(json);
        }
        else
        {
            json.WriteStartObject();
            json.WritePropertyName(result.Exception is null ? "result" : "error");
            if (value.ValueKind == JsonValueKind.Undefined)
            {
                json.WriteStringValue(RequestJson.TextOf(result));
            }
            else
            {
                value.WriteTo(json);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
