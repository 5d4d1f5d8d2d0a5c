using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers;

/// <summary>
/// A tool call begins. Its arguments follow as <see cref="ToolCallArgumentsDelta"/>, then <see cref="ToolCallEnded"/>, then the
/// whole call as <see cref="FunctionCallContent"/> with the same call id, before the next call begins. The first three are
/// for readers that show arguments as they arrive; the last one is for the decorators of Microsoft.Extensions.AI.
/// </summary>
public sealed class ToolCallStarted(string callId, string name) : AIContent
{
    /// <summary>The id of the call.</summary>
    public string CallId { get; } = callId;

    /// <summary>The name of the tool.</summary>
    public string Name { get; } = name;
}

/// <summary>
/// A piece of a call's arguments. The pieces of one call, joined, are the text of its arguments: a JSON object, unless the model
/// made a mistake.
/// </summary>
public sealed class ToolCallArgumentsDelta(string callId, string delta) : AIContent
{
    /// <summary>The id of the call.</summary>
    public string CallId { get; } = callId;

    /// <summary>The text to append.</summary>
    public string Delta { get; } = delta;
}

/// <summary>The call's arguments are complete.</summary>
public sealed class ToolCallEnded(string callId) : AIContent
{
    /// <summary>The id of the call.</summary>
    public string CallId { get; } = callId;
}

/// <summary>Converts between streamed and whole tool calls.</summary>
public static class ToolCallContents
{
    /// <summary>
    /// The name of the one argument of a call whose arguments are not a JSON object. Its value is their text. So the text survives
    /// every decorator, servers that parse arguments accept the call, and a tool that requires an argument refuses it.
    /// </summary>
    public const string InvalidArguments = "INVALID_JSON";

    /// <summary>
    /// A whole call from the text of its arguments. Empty text means no arguments. Text that is not a JSON object becomes the argument
    /// <see cref="InvalidArguments"/>, and <see cref="FunctionCallContent.Exception"/> says why.
    /// </summary>
    public static FunctionCallContent Parse(string callId, string name, string json)
    {
        if (string.IsNullOrWhiteSpace(json))
        {
            return new FunctionCallContent(callId, name);
        }

        try
        {
            return new FunctionCallContent(callId, name, JsonSerializer.Deserialize<Dictionary<string, object?>>(json));
        }
        catch (JsonException exception)
        {
            var arguments = new Dictionary<string, object?> { [InvalidArguments] = json };
            return new FunctionCallContent(callId, name, arguments) { Exception = exception };
        }
    }

    /// <summary>
    /// The same contents with each call once, as a <see cref="FunctionCallContent"/>. A call that was streamed without one gets it
    /// where it ended; a call that did not end is left out.
    /// </summary>
    public static List<AIContent> WithoutFragments(IEnumerable<AIContent> contents)
    {
        var all = contents as IReadOnlyCollection<AIContent> ?? [.. contents];
        var whole = all.OfType<FunctionCallContent>().Select(call => call.CallId).ToHashSet(StringComparer.Ordinal);
        var joined = new List<AIContent>(all.Count);
        var arguments = new StringBuilder();
        ToolCallStarted? open = null;
        foreach (var content in all)
        {
            switch (content)
            {
                case ToolCallStarted started:
                    open = started;
                    arguments.Clear();
                    break;
                case ToolCallArgumentsDelta piece:
                    arguments.Append(piece.Delta);
                    break;
                case ToolCallEnded:
                    if (open is not null && !whole.Contains(open.CallId))
                    {
                        joined.Add(Parse(open.CallId, open.Name, arguments.ToString()));
                    }

                    open = null;
                    break;
                default:
                    joined.Add(content);
                    break;
            }
        }

        return joined;
    }

    /// <summary>The whole response of a stream, each tool call once.</summary>
    public static async Task<ChatResponse> ToWholeResponseAsync(
        this IAsyncEnumerable<ChatResponseUpdate> updates,
        CancellationToken cancellationToken
    )
    {
        var response = await updates.ToChatResponseAsync(cancellationToken);
        foreach (var message in response.Messages)
        {
            message.Contents = WithoutFragments(message.Contents);
        }

        return response;
    }

    /// <summary>Registers the contents of streamed tool calls with a serializer, as a cache of responses needs.</summary>
    public static void AddStreamedToolCalls(this JsonSerializerOptions options)
    {
        options.AddAIContentType<ToolCallStarted>("toolCallStarted");
        options.AddAIContentType<ToolCallArgumentsDelta>("toolCallArgumentsDelta");
        options.AddAIContentType<ToolCallEnded>("toolCallEnded");
    }
}
