using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;

namespace Parley.Server.Compatibility.OpenAI.Requests;

/// <summary>Reads the messages of a request to Chat Completions.</summary>
internal static class OpenAIChatMessages
{
    public static List<ChatMessage> Read(OpenAIRequestReader reader, JsonElement body)
    {
        List<ChatMessage> read = [];
        if (reader.Array(body, "messages", "messages") is not { } messages)
        {
            reader.Missing("messages");
            return read;
        }

        if (messages.GetArrayLength() == 0)
        {
            reader.Refuse("Invalid 'messages': at least one is required.", "messages", OpenAIErrorCodes.EmptyArray);
        }

        foreach (var (message, path) in reader.Objects(messages, "messages"))
        {
            if (ReadMessage(reader, message, path) is { } one)
            {
                read.Add(one);
            }
        }

        return read;
    }

    private static ChatMessage? ReadMessage(OpenAIRequestReader reader, JsonElement message, string path)
    {
        switch (reader.RequiredText(message, "role", path + ".role"))
        {
            // "developer" is OpenAI's newer name for "system".
            case "system" or "developer":
                return Named(
                    reader,
                    message,
                    path,
                    new ChatMessage(ChatRole.System, OpenAIContent.Read(reader, message, "content", path, "text"))
                );
            case "user":
                return Named(
                    reader,
                    message,
                    path,
                    new ChatMessage(ChatRole.User, OpenAIContent.Read(reader, message, "content", path, "text", "image_url", "file"))
                );
            case "assistant":
                return Named(reader, message, path, new ChatMessage(ChatRole.Assistant, ReadAnswer(reader, message, path)));
            case "tool":
                var callId = reader.RequiredText(message, "tool_call_id", path + ".tool_call_id");
                return new ChatMessage(
                    ChatRole.Tool,
                    [new FunctionResultContent(callId, OpenAIContent.ReadText(reader, message, "content", path, "text"))]
                );
            case "function":
                reader.Refuse(
                    "Messages of the role 'function' are not supported here; use 'tool'.",
                    path + ".role",
                    OpenAIErrorCodes.UnsupportedValue
                );
                return null;
            default:
                reader.WrongValue(path + ".role", "system, developer, user, assistant or tool");
                return null;
        }
    }

    private static ChatMessage Named(OpenAIRequestReader reader, JsonElement message, string path, ChatMessage read)
    {
        read.AuthorName = reader.Text(message, "name", path + ".name");
        return read;
    }

    private static List<AIContent> ReadAnswer(OpenAIRequestReader reader, JsonElement message, string path)
    {
        if (OpenAIRequestReader.Find(message, "function_call") is not null)
        {
            reader.Unsupported(path + ".function_call", "Use 'tool_calls'.");
        }

        if (OpenAIRequestReader.Find(message, "audio") is not null)
        {
            reader.Unsupported(path + ".audio", "Send its text as 'content'.");
        }

        List<AIContent> contents = OpenAIRequestReader.Find(message, "content") is null
            ? []
            : OpenAIContent.Read(reader, message, "content", path, "text", "refusal");
        if (reader.Text(message, "refusal", path + ".refusal") is { } refusal)
        {
            contents.Add(new TextContent(refusal));
        }

        if (reader.Array(message, "tool_calls", path + ".tool_calls") is not { } calls)
        {
            return contents;
        }

        foreach (var (call, at) in reader.Objects(calls, path + ".tool_calls"))
        {
            if (reader.Text(call, "type", at + ".type") is { } type and not "function")
            {
                reader.Refuse($"Calls of type '{type}' are not supported here.", at + ".type", OpenAIErrorCodes.UnsupportedValue);
            }
            else if (reader.Object(call, "function", at + ".function") is not { } function)
            {
                reader.Missing(at + ".function");
            }
            else
            {
                contents.Add(
                    ToolCallContents.Parse(
                        reader.RequiredText(call, "id", at + ".id"),
                        reader.RequiredText(function, "name", at + ".function.name"),
                        reader.Text(function, "arguments", at + ".function.arguments") ?? ""
                    )
                );
            }
        }

        return contents;
    }
}
