using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Prompts;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>
/// Writes the messages. A tool's result inside an assistant message becomes a separate message, as Chat Completions
/// requires; reasoning is not sent back.
/// </summary>
internal static class OpenAIMessageWriter
{
    private const int MaxNameLength = 64;

    /// <returns>Whether the last message is the assistant's, that is, a prefix to continue.</returns>
    public static bool Write(Utf8JsonWriter json, IEnumerable<ChatMessage> messages, string? instructions, PrefixStyle prefixStyle)
    {
        var all = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var last = all.Count - 1;
        while (last >= 0 && all[last].Role == ChatRole.Assistant && IsEmpty(all[last]))
        {
            last--;
        }

        var continues =
            last >= 0
            && all[last].Role == ChatRole.Assistant
            && all[last].Contents.LastOrDefault(content => content is not TextReasoningContent) is TextContent;
        json.WriteStartArray("messages");
        if (!string.IsNullOrEmpty(instructions))
        {
            WriteText(json, "system", instructions);
        }

        for (var i = 0; i <= last; i++)
        {
            if (all[i].Role == ChatRole.User)
            {
                WriteUser(json, all[i]);
            }
            else if (all[i].Role == ChatRole.Assistant || all[i].Role == ChatRole.Tool)
            {
                WriteAnswer(json, all[i], isPrefix: continues && i == last && prefixStyle == PrefixStyle.Flag);
            }
            else
            {
                WriteText(json, all[i].Role == ChatRole.System ? "system" : Known(all[i].Role), all[i].Text, all[i].AuthorName);
            }
        }

        json.WriteEndArray();
        return continues;
    }

    private static bool IsEmpty(ChatMessage message) =>
        message.Contents.All(content => content is TextReasoningContent or TextContent { Text: "" });

    private static string Known(ChatRole role) => role.Value == "developer" ? "developer" : "user";

    // Servers refuse a whole request for a name that contains one of these.
    private static bool IsForbiddenInName(char letter) =>
        char.IsWhiteSpace(letter) || char.IsControl(letter) || char.IsSurrogate(letter) || letter is '<' or '|' or '\\' or '/' or '>';

    private static void WriteName(Utf8JsonWriter json, string? name)
    {
        if (!string.IsNullOrEmpty(name) && name.Length <= MaxNameLength && !name.Any(IsForbiddenInName))
        {
            json.WriteString("name", name);
        }
    }

    private static void WriteText(Utf8JsonWriter json, string role, string text, string? name = null)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        WriteName(json, name);
        json.WriteString("content", RequestJson.Clean(text));
        json.WriteEndObject();
    }

    private static void WriteUser(Utf8JsonWriter json, ChatMessage message)
    {
        if (message.Contents.All(content => content is not (DataContent or UriContent)))
        {
            WriteText(json, "user", message.Text, message.AuthorName);
            return;
        }

        json.WriteStartObject();
        json.WriteString("role", "user");
        WriteName(json, message.AuthorName);
        json.WriteStartArray("content");
        foreach (var content in message.Contents)
        {
            WritePart(json, content);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter json, AIContent content)
    {
        var (uri, isImage, name) = content switch
        {
            DataContent data => (data.Uri, data.HasTopLevelMediaType("image"), data.Name),
            UriContent link => (link.Uri.AbsoluteUri, link.HasTopLevelMediaType("image"), null),
            _ => (null, false, null),
        };
        if (uri is null && content is not TextContent)
        {
            return;
        }

        json.WriteStartObject();
        if (content is TextContent text)
        {
            json.WriteString("type", "text");
            json.WriteString("text", RequestJson.Clean(text.Text));
        }
        else if (isImage)
        {
            json.WriteString("type", "image_url");
            json.WriteStartObject("image_url");
            json.WriteString("url", uri);
            if (content.AdditionalProperties?.GetValueOrDefault("detail") is string detail)
            {
                json.WriteString("detail", detail);
            }

            json.WriteEndObject();
        }
        else
        {
            json.WriteString("type", "file");
            json.WriteStartObject("file");
            json.WriteString("filename", RequestJson.Clean(name ?? "file"));
            json.WriteString("file_data", uri);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, ChatMessage message, bool isPrefix)
    {
        var text = new StringBuilder();
        var calls = new List<FunctionCallContent>();
        foreach (var content in ToolCallContents.WithoutFragments(message.Contents))
        {
            switch (content)
            {
                case TextContent part:
                    if (calls.Count > 0)
                    {
                        WriteAssistant(json, message.AuthorName, text, calls, isPrefix: false);
                    }

                    text.Append(part.Text);
                    break;
                case FunctionCallContent call:
                    calls.Add(call);
                    break;
                case FunctionResultContent result:
                    WriteAssistant(json, message.AuthorName, text, calls, isPrefix: false);
                    WriteResult(json, result);
                    break;
            }
        }

        WriteAssistant(json, message.AuthorName, text, calls, isPrefix);
    }

    private static void WriteAssistant(
        Utf8JsonWriter json,
        string? name,
        StringBuilder text,
        List<FunctionCallContent> calls,
        bool isPrefix
    )
    {
        if (text.Length == 0 && calls.Count == 0)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("role", "assistant");
        WriteName(json, name);
        if (text.Length > 0)
        {
            json.WriteString("content", RequestJson.Clean(text.ToString()));
        }
        else
        {
            json.WriteNull("content");
        }

        if (calls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in calls)
            {
                WriteCall(json, call);
            }

            json.WriteEndArray();
        }

        if (isPrefix)
        {
            json.WriteBoolean("prefix", true);
        }

        json.WriteEndObject();
        text.Clear();
        calls.Clear();
    }

    private static void WriteCall(Utf8JsonWriter json, FunctionCallContent call)
    {
        json.WriteStartObject();
        json.WriteString("id", call.CallId);
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", call.Name);
        json.WriteString("arguments", call.Arguments is null ? "{}" : JsonSerializer.Serialize(call.Arguments));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter json, FunctionResultContent result)
    {
        json.WriteStartObject();
        json.WriteString("role", "tool");
        json.WriteString("tool_call_id", result.CallId);
        json.WriteString("content", RequestJson.TextOf(result));
        json.WriteEndObject();
    }
}
