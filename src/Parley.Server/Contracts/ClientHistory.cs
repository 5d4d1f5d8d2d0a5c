using System.Text;
using System.Text.Json;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Streaming.Generations;

namespace Parley.Server.Contracts;

/// <summary>A message in the history that a client sent. Where a stored message exists, it takes precedence.</summary>
/// <param name="Id">The client's name for it; some client versions send none.</param>
/// <param name="Role"><c>user</c>, <c>assistant</c> or <c>system</c>.</param>
/// <param name="Text">All of its text.</param>
/// <param name="HasFiles">Whether it has content other than text.</param>
/// <param name="ToolResults">Of an answer: the results of the client's tools.</param>
public sealed record ClientMessage(string? Id, string Role, string Text, bool HasFiles, IReadOnlyList<ToolReturned> ToolResults);

/// <summary>Reads the messages that clients send: with text in <c>parts</c> (AI SDK 5 to 7), or in <c>content</c>.</summary>
public static class ClientHistory
{
    private const int MaxMessages = 10_000;

    /// <summary>Reads one message with <c>parts</c>.</summary>
    public static ClientMessage? Ui(JsonElement message) => Read(message, static element => TextOfParts(element, "parts"));

    /// <summary>Reads one message with <c>content</c>: a string, or parts.</summary>
    public static ClientMessage? Plain(JsonElement message) => Read(message, static element => RawBody.Text(element, "content")
                is { Length: > 0 } text
                ? (text, HasAttachments(element))
            : element.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array
                ? TextOfParts(element, "content")
            : TextOfParts(element, "parts"));

    /// <summary>All messages of a body: <c>messages</c>, or the one <c>message</c>.</summary>
    public static Problem? ReadAll(RawBody body, Func<JsonElement, ClientMessage?> read, out List<ClientMessage> messages)
    {
        messages = [];
        if (!body.Root.TryGetProperty("messages", out var all) || all.ValueKind != JsonValueKind.Array)
        {
            if (body.Root.TryGetProperty("message", out var one) && read(one) is { } single)
            {
                messages.Add(single);
            }

            return messages.Count > 0 ? null : Problems.Invalid("message", ErrorCodes.InvalidMessage, "A message needs a role and text.");
        }

        if (all.GetArrayLength() > MaxMessages)
        {
            return Problems.Invalid("messages", ErrorCodes.TooManyMessages, $"A request may have at most {MaxMessages} messages.");
        }

        foreach (var element in all.EnumerateArray())
        {
            if (read(element) is not { } message)
            {
                return Problems.Invalid(
                    "messages",
                    ErrorCodes.InvalidMessage,
                    "Each message needs a role (user, assistant or system), and text in parts or content."
                );
            }

            messages.Add(message);
        }

        return null;
    }

    private static ClientMessage? Read(JsonElement message, Func<JsonElement, (string Text, bool HasFiles)> textOf)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            return null;
        }
        // A name that cannot be stored is ignored: the message is then found by its position in the history.
        var id = RawBody.Text(message, "id") is { } name && ClientNames.Check("id", name) is null ? name : null;
        var role = RawBody.Text(message, "role");
        if (role is "data" or "tool")
        {
            role = "system";
        }

        if (role is not ("user" or "assistant" or "system" or "developer"))
        {
            return null;
        }

        var (text, hasFiles) = textOf(message);
        return new ClientMessage(
            id,
            role == "developer" ? "system" : role,
            text,
            hasFiles,
            role == "assistant" ? [.. ToolResultsOf(message)] : []
        );
    }

    private static (string Text, bool HasFiles) TextOfParts(JsonElement message, string member)
    {
        if (!message.TryGetProperty(member, out var parts) || parts.ValueKind != JsonValueKind.Array)
        {
            return ("", HasAttachments(message));
        }

        var text = new StringBuilder();
        var hasFiles = false;
        foreach (var part in parts.EnumerateArray())
        {
            var type = RawBody.Text(part, "type");
            if (type is "text" or "input_text" or "output_text")
            {
                text.Append(RawBody.Text(part, "text"));
            }

            hasFiles |= type is "file" or "image" or "image_url" or "input_image" or "input_file" or "input_audio";
        }

        return (text.ToString(), hasFiles || HasAttachments(message));
    }

    /// <summary>
    /// Reads the parts of AI SDK 5 to 7 (<c>tool-…</c>, <c>dynamic-tool</c>), and the invocations of 3 and 4, which some versions send
    /// twice.
    /// </summary>
    private static IEnumerable<ToolReturned> ToolResultsOf(JsonElement message)
    {
        var parts = Items(message, "parts").ToList();
        foreach (var part in parts)
        {
            if (
                RawBody.Text(part, "type") is not { } type
                || (type != "dynamic-tool" && !type.StartsWith("tool-", StringComparison.Ordinal))
                || RawBody.Text(part, "toolCallId") is not { } call
            )
            {
                continue;
            }

            if (RawBody.Text(part, "state") == "output-available" && part.TryGetProperty("output", out var output))
            {
                yield return new ToolReturned(call, output.GetRawText(), null);
            }
            else if (RawBody.Text(part, "state") == "output-error")
            {
                yield return new ToolReturned(call, null, RawBody.Text(part, "errorText") ?? "The tool failed.");
            }
        }

        var invocations = Items(message, "toolInvocations")
            .Concat(
                parts
                    .Where(part => part.ValueKind == JsonValueKind.Object && part.TryGetProperty("toolInvocation", out _))
                    .Select(part => part.GetProperty("toolInvocation"))
            );
        foreach (var invocation in invocations.DistinctBy(invocation => RawBody.Text(invocation, "toolCallId")))
        {
            if (
                RawBody.Text(invocation, "state") == "result"
                && RawBody.Text(invocation, "toolCallId") is { } call
                && invocation.TryGetProperty("result", out var result)
            )
            {
                yield return new ToolReturned(call, result.GetRawText(), null);
            }
        }
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement message, string name) =>
        message.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : default;

    private static bool HasAttachments(JsonElement message) =>
        message.TryGetProperty("experimental_attachments", out var attachments)
        && attachments.ValueKind == JsonValueKind.Array
        && attachments.GetArrayLength() > 0;
}
