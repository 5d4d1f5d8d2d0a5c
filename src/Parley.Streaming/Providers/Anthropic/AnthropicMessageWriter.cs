using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Prompts;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>Writes the messages of one request as lists of blocks.</summary>
/// <param name="json">The request's body.</param>
/// <param name="model">The model, to which signed thinking must belong.</param>
/// <param name="marksCache">Mark the end of the conversation for the provider's cache.</param>
internal sealed class AnthropicMessageWriter(Utf8JsonWriter json, string model, bool marksCache)
{
    private readonly StringBuilder _thinking = new();

    public void Write(AlternatingPrompt prompt)
    {
        json.WriteStartArray("messages");
        for (var i = 0; i < prompt.Turns.Count; i++)
        {
            var turn = prompt.Turns[i];
            var isLast = i == prompt.Turns.Count - 1;
            json.WriteStartObject();
            json.WriteString("role", turn.IsAssistant ? "assistant" : "user");
            json.WriteStartArray("content");
            _thinking.Clear();
            for (var j = 0; j < turn.Contents.Count; j++)
            {
                var isEnd = isLast && j == turn.Contents.Count - 1;
                WriteBlock(turn.Contents[j], isEnd && marksCache, isPrefix: isEnd && turn.IsAssistant);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static void WriteCacheControl(Utf8JsonWriter json)
    {
        json.WriteStartObject("cache_control");
        json.WriteString("type", "ephemeral");
        json.WriteEndObject();
    }

    private void WriteBlock(AIContent content, bool isMarked, bool isPrefix)
    {
        if (content is TextReasoningContent thought)
        {
            WriteThinking(thought);
            return;
        }

        json.WriteStartObject();
        switch (content)
        {
            case TextContent text:
                // The API refuses a prefix that ends with white space.
                WriteText(isPrefix ? text.Text.TrimEnd() : text.Text);
                break;
            case FunctionCallContent call:
                json.WriteString("type", "tool_use");
                json.WriteString("id", IdOf(call.CallId));
                json.WriteString("name", call.Name);
                json.WritePropertyName("input");
                JsonSerializer.Serialize(json, call.Arguments ?? new Dictionary<string, object?>());
                break;
            case FunctionResultContent result:
                json.WriteString("type", "tool_result");
                json.WriteString("tool_use_id", IdOf(result.CallId));
                json.WriteString("content", RequestJson.TextOf(result));
                if (result.Exception is not null)
                {
                    json.WriteBoolean("is_error", true);
                }

                break;
            case DataContent data:
                WriteFile(data);
                break;
            case UriContent link:
                WriteLink(link);
                break;
        }

        if (isMarked)
        {
            WriteCacheControl(json);
        }

        json.WriteEndObject();
    }

    // The signature follows its thinking, as it was streamed. Thinking without one can't be sent back.
    private void WriteThinking(TextReasoningContent thought)
    {
        _thinking.Append(thought.Text);
        if (thought.ProtectedData is null)
        {
            return;
        }

        var text = _thinking.ToString();
        _thinking.Clear();
        if (AnthropicSignedThinking.Unpack(thought.ProtectedData, model, out var isRedacted) is not { } data)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("type", isRedacted ? "redacted_thinking" : "thinking");
        if (isRedacted)
        {
            json.WriteString("data", data);
        }
        else
        {
            json.WriteString("thinking", RequestJson.Clean(text));
            json.WriteString("signature", data);
        }

        json.WriteEndObject();
    }

    private void WriteText(string text)
    {
        json.WriteString("type", "text");
        json.WriteString("text", RequestJson.Clean(text));
    }

    private void WriteFile(DataContent data)
    {
        if (data.HasTopLevelMediaType("image") || data.MediaType == "application/pdf")
        {
            json.WriteString("type", data.MediaType == "application/pdf" ? "document" : "image");
            json.WriteStartObject("source");
            json.WriteString("type", "base64");
            json.WriteString("media_type", data.MediaType);
            json.WriteString("data", data.Base64Data.Span);
            json.WriteEndObject();
        }
        else if (data.HasTopLevelMediaType("text"))
        {
            WriteText(
                Encoding.UTF8.GetString(data.Data.Span) is { } text && !string.IsNullOrWhiteSpace(text) ? text : LeftOut(data.MediaType)
            );
        }
        else
        {
            WriteText(LeftOut(data.MediaType));
        }
    }

    private void WriteLink(UriContent link)
    {
        if (!link.HasTopLevelMediaType("image") && link.MediaType != "application/pdf")
        {
            WriteText(link.Uri.AbsoluteUri);
            return;
        }

        json.WriteString("type", link.MediaType == "application/pdf" ? "document" : "image");
        json.WriteStartObject("source");
        json.WriteString("type", "url");
        json.WriteString("url", link.Uri.AbsoluteUri);
        json.WriteEndObject();
    }

    private static string LeftOut(string mediaType) => $"(A file of the type {mediaType} was left out: the model can't read it.)";

    // Ids that another provider gave its calls may contain other letters.
    private static string IdOf(string callId)
    {
        var letters = callId.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' ? letter : '_');
        var id = string.Concat(letters);
        return id.Length == 0 ? "_" : id;
    }
}
