using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>
/// Reads the input of a request to the Responses API. What is one turn of the assistant comes in several items there (reasoning, a message, each call), and is one message here: models want the calls of a turn together.
/// </summary>
internal static class OpenAIResponsesInput
{
    public static List<ChatMessage> Read(OpenAIRequestReader reader, JsonElement body)
    {
        switch (OpenAIRequestReader.Find(body, "input"))
        {
            case null:
                reader.Missing("input");
                return [];
            case { ValueKind: JsonValueKind.String } text:
                return [new ChatMessage(ChatRole.User, text.GetString())];
            case { ValueKind: JsonValueKind.Array } items:
                if (items.GetArrayLength() == 0) reader.Refuse("Invalid 'input': there must be one item at least.", "input", "empty_array");
                List<ChatMessage> messages = [];
                foreach (var (item, path) in reader.Objects(items, "input")) ReadItem(reader, item, path, messages);
                return messages;
            default:
                reader.WrongType("input", "a string, or an array of items");
                return [];
        }
    }

    private static void ReadItem(OpenAIRequestReader reader, JsonElement item, string path, List<ChatMessage> messages)
    {
        switch (reader.Text(item, "type", path + ".type") ?? "message")
        {
            case "message":
                ReadMessage(reader, item, path, messages);
                return;
            case "reasoning":
                if (ReadReasoning(reader, item, path) is { Length: > 0 } thought) Turn(messages, startsAnother: true).Contents.Add(new TextReasoningContent(thought));
                return;
            case "function_call":
                Turn(messages).Contents.Add(OpenAIContent.Call(
                    reader.NeededText(item, "call_id", path + ".call_id"), reader.NeededText(item, "name", path + ".name"), reader.Text(item, "arguments", path + ".arguments") ?? ""));
                return;
            case "function_call_output":
                var callId = reader.NeededText(item, "call_id", path + ".call_id");
                messages.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(callId, ReadOutput(reader, item, path))]));
                return;
            case "item_reference":
                reader.Refuse("References to items are not supported here; send the item itself, or use 'previous_response_id'.", path + ".type", "unsupported_value");
                return;
            case var type:
                reader.Refuse($"Items of type '{type}' are not supported here.", path + ".type", "unsupported_value");
                return;
        }
    }

    private static void ReadMessage(OpenAIRequestReader reader, JsonElement item, string path, List<ChatMessage> messages)
    {
        switch (reader.NeededText(item, "role", path + ".role"))
        {
            case "system" or "developer":
                messages.Add(new ChatMessage(ChatRole.System, ReadContent(reader, item, "content", path, "input_text")));
                return;
            case "user":
                messages.Add(new ChatMessage(ChatRole.User, ReadContent(reader, item, "content", path, "input_text", "input_image", "input_file")));
                return;
            case "assistant":
                var turn = Turn(messages, startsAnother: true);
                foreach (var content in ReadContent(reader, item, "content", path, "output_text", "refusal", "input_text")) turn.Contents.Add(content);
                return;
            default:
                reader.WrongValue(path + ".role", "system, developer, user or assistant");
                return;
        }
    }

    /// <summary>The turn that the assistant is in. Text or reasoning after text or a call begins another.</summary>
    private static ChatMessage Turn(List<ChatMessage> messages, bool startsAnother = false)
    {
        if (messages.Count == 0 || messages[^1].Role != ChatRole.Assistant || (startsAnother && messages[^1].Contents.Any(content => content is not TextReasoningContent)))
            messages.Add(new ChatMessage(ChatRole.Assistant, []));
        return messages[^1];
    }

    private static string ReadReasoning(OpenAIRequestReader reader, JsonElement item, string path)
    {
        foreach (var name in (ReadOnlySpan<string>)["content", "summary"])
        {
            if (reader.Array(item, name, $"{path}.{name}") is not { } parts) continue;
            List<string?> texts = [];
            foreach (var (part, at) in reader.Objects(parts, $"{path}.{name}")) texts.Add(reader.Text(part, "text", at + ".text"));
            if (texts.Count > 0) return string.Join('\n', texts);
        }

        return "";
    }

    private static string ReadOutput(OpenAIRequestReader reader, JsonElement item, string path) =>
        string.Concat(ReadContent(reader, item, "output", path, "input_text").OfType<TextContent>().Select(part => part.Text));

    private static List<AIContent> ReadContent(OpenAIRequestReader reader, JsonElement item, string name, string path, params ReadOnlySpan<string> allowed)
    {
        path = $"{path}.{name}";
        switch (OpenAIRequestReader.Find(item, name))
        {
            case null:
                reader.Missing(path);
                return [];
            case { ValueKind: JsonValueKind.String } text:
                return [new TextContent(text.GetString())];
            case { ValueKind: JsonValueKind.Array } parts:
                List<AIContent> contents = [];
                foreach (var (part, at) in reader.Objects(parts, path))
                {
                    if (ReadPart(reader, part, at, allowed) is { } content) contents.Add(content);
                }

                return contents;
            default:
                reader.WrongType(path, "a string, or an array of parts");
                return [];
        }
    }

    private static AIContent? ReadPart(OpenAIRequestReader reader, JsonElement part, string path, ReadOnlySpan<string> allowed)
    {
        var type = reader.NeededText(part, "type", path + ".type");
        if (type == "input_audio")
        {
            reader.Refuse("Audio is not supported here.", path + ".type", "unsupported_value");
            return null;
        }

        if (!allowed.Contains(type))
        {
            reader.WrongValue(path + ".type", "one of: " + string.Join(", ", allowed!));
            return null;
        }

        switch (type)
        {
            case "input_image":
                if (OpenAIRequestReader.Find(part, "file_id") is not null) reader.Unsupported(path + ".file_id", "Send the image itself as 'image_url'.");
                return OpenAIContent.Image(reader, reader.NeededText(part, "image_url", path + ".image_url"), reader.Text(part, "detail", path + ".detail"), path + ".image_url");
            case "input_file":
                return OpenAIContent.File(reader, part, path);
            default:
                var name = type == "refusal" ? "refusal" : "text";
                if (OpenAIRequestReader.Find(part, name) is null) reader.Missing($"{path}.{name}");
                return new TextContent(reader.Text(part, name, $"{path}.{name}"));
        }
    }
}
