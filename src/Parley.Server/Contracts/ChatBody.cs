using System.Text.Json;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;

namespace Parley.Server.Contracts;

/// <summary>The kind of a chat body, which shows which kind of client sent it.</summary>
public enum ChatBodyKind
{
    /// <summary>One message as text: Parley's native body.</summary>
    Message,

    /// <summary>Invalid: both <c>message</c> and <c>messages</c>.</summary>
    Both,

    /// <summary>Invalid: <c>messages</c> is empty.</summary>
    NoMessages,

    /// <summary>AI SDK 5, 6 and 7.</summary>
    UiMessages,

    /// <summary>AI SDK 4.</summary>
    DataMessages,

    /// <summary>Messages with role and content only: clients of content events, and AI SDK 3.</summary>
    PlainMessages,
}

/// <summary>Determines the kind of a body; the order of the rules matters.</summary>
public static class ChatBody
{
    public static ChatBodyKind KindOf(RawBody body)
    {
        var root = body.Root;
        if (body.Text("trigger") is "submit-message" or "regenerate-message")
        {
            return HasMessages(root) || MessageHas(root, "parts") ? ChatBodyKind.UiMessages : ChatBodyKind.NoMessages;
        }
        // A message of AI SDK 4 has both parts and content; newer versions send no content.
        var hasContent = MessageHas(root, "content");
        if (MessageHas(root, "parts") && !hasContent)
        {
            return ChatBodyKind.UiMessages;
        }

        if (MessageHas(root, "parts") && !body.Has("messages"))
        {
            return ChatBodyKind.DataMessages;
        }

        if (!body.Has("messages"))
        {
            return ChatBodyKind.Message;
        }

        if (body.Has("message"))
        {
            return ChatBodyKind.Both;
        }

        if (!HasMessages(root))
        {
            return ChatBodyKind.NoMessages;
        }

        var last = root.GetProperty("messages")[root.GetProperty("messages").GetArrayLength() - 1];
        if (last.ValueKind == JsonValueKind.Object && last.TryGetProperty("parts", out _) && !last.TryGetProperty("content", out _))
        {
            return ChatBodyKind.UiMessages;
        }

        return body.Text("id") is not null ? ChatBodyKind.DataMessages : ChatBodyKind.PlainMessages;
    }

    public static Problem HasBoth() =>
        Problems.Invalid("message", ErrorCodes.MessageOrMessages, "Send either message or messages, not both.");

    public static Problem HasNoMessages(RawBody body) =>
        Problems.Invalid(
            "messages",
            body.Has("messages") && body.Root.GetProperty("messages").ValueKind != JsonValueKind.Array ? "wrong_type" : "required",
            "messages must be an array with one message at least."
        );

    private static bool HasMessages(JsonElement root) =>
        root.TryGetProperty("messages", out var messages) && messages.ValueKind == JsonValueKind.Array && messages.GetArrayLength() > 0;

    private static bool MessageHas(JsonElement root, string name) =>
        root.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.Object && message.TryGetProperty(name, out _);
}
