using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;

namespace Parley.Server.Compatibility.OpenAI.Requests;

/// <summary>
/// Reads the input of a request to the Responses API. There, one turn of the assistant is several items (reasoning, a message, each call);
/// here it is one message, since models expect the calls of a turn together.
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
                if (items.GetArrayLength() == 0)
                {
                    reader.Refuse("Invalid 'input': at least one item is required.", "input", OpenAIErrorCodes.EmptyArray);
                }

                List<ChatMessage> messages = [];
                foreach (var (item, path) in reader.Objects(items, "input"))
                {
                    ReadItem(reader, item, path, messages);
                }

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
                if (ReadReasoning(reader, item, path) is { Length: > 0 } thought)
                {
                    Turn(messages, startsAnother: true).Contents.Add(new TextReasoningContent(thought));
                }

                return;
            case "function_call":
                Turn(messages)
                    .Contents.Add(
                        ToolCallContents.Parse(
                            reader.RequiredText(item, "call_id", path + ".call_id"),
                            reader.RequiredText(item, "name", path + ".name"),
                            reader.Text(item, "arguments", path + ".arguments") ?? ""
                        )
                    );
                return;
            case "function_call_output":
                var callId = reader.RequiredText(item, "call_id", path + ".call_id");
                messages.Add(
                    new ChatMessage(
                        ChatRole.Tool,
                        [new FunctionResultContent(callId, OpenAIContent.ReadText(reader, item, "output", path, "input_text"))]
                    )
                );
                return;
            case "item_reference" when reader.ItemOf is { } itemOf:
                var id = reader.RequiredText(item, "id", path + ".id");
                if (itemOf(id) is not { } known)
                {
                    reader.Refuse(
                        $"Item '{(id.Length > 80 ? id[..80] : id)}' was not found. Send the item itself.",
                        path + ".id",
                        OpenAIErrorCodes.ItemNotFound
                    );
                }
                else if (known.Count > 0)
                {
                    AddKnown(messages, known);
                }

                return;
            case "item_reference":
                reader.Refuse(
                    "References to items are not supported here; send the item itself, or use 'previous_response_id'.",
                    path + ".type",
                    OpenAIErrorCodes.UnsupportedValue
                );
                return;
            case var type:
                reader.Refuse($"Items of type '{type}' are not supported here.", path + ".type", OpenAIErrorCodes.UnsupportedValue);
                return;
        }
    }

    private static void AddKnown(List<ChatMessage> messages, IReadOnlyList<AIContent> known)
    {
        var turn = Turn(messages, startsAnother: known[0] is not FunctionCallContent);
        foreach (var content in known)
        {
            turn.Contents.Add(content);
        }
    }

    private static void ReadMessage(OpenAIRequestReader reader, JsonElement item, string path, List<ChatMessage> messages)
    {
        switch (reader.RequiredText(item, "role", path + ".role"))
        {
            case "system" or "developer":
                messages.Add(new ChatMessage(ChatRole.System, OpenAIContent.Read(reader, item, "content", path, "input_text")));
                return;
            case "user":
                messages.Add(
                    new ChatMessage(
                        ChatRole.User,
                        OpenAIContent.Read(reader, item, "content", path, "input_text", "input_image", "input_file")
                    )
                );
                return;
            case "assistant":
                var turn = Turn(messages, startsAnother: true);
                foreach (var content in OpenAIContent.Read(reader, item, "content", path, "output_text", "refusal", "input_text"))
                {
                    turn.Contents.Add(content);
                }

                return;
            default:
                reader.WrongValue(path + ".role", "system, developer, user or assistant");
                return;
        }
    }

    /// <summary>The current turn of the assistant. Text or reasoning after text or a call starts another turn.</summary>
    private static ChatMessage Turn(List<ChatMessage> messages, bool startsAnother = false)
    {
        if (
            messages.Count == 0
            || messages[^1].Role != ChatRole.Assistant
            || (startsAnother && messages[^1].Contents.Any(content => content is not TextReasoningContent))
        )
        {
            messages.Add(new ChatMessage(ChatRole.Assistant, []));
        }

        return messages[^1];
    }

    private static string ReadReasoning(OpenAIRequestReader reader, JsonElement item, string path)
    {
        foreach (var name in (ReadOnlySpan<string>)["content", "summary"])
        {
            if (reader.Array(item, name, $"{path}.{name}") is not { } parts)
            {
                continue;
            }

            List<string?> texts = [];
            foreach (var (part, at) in reader.Objects(parts, $"{path}.{name}"))
            {
                texts.Add(reader.Text(part, "text", at + ".text"));
            }

            if (texts.Count > 0)
            {
                return string.Join('\n', texts);
            }
        }

        return "";
    }
}
