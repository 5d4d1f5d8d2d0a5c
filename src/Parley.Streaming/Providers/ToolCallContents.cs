using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers;

/// <summary>A tool call begins. Its fragments follow, then <see cref="ToolCallEnded"/>, before the next call begins.</summary>
public sealed class ToolCallStarted(string callId, string name) : AIContent
{
    public string CallId { get; } = callId;

    public string Name { get; } = name;
}

/// <summary>A piece of the call's arguments: the fragments of one call join to one JSON object.</summary>
public sealed class ToolCallArguments(string callId, string fragment) : AIContent
{
    public string CallId { get; } = callId;

    public string Fragment { get; } = fragment;
}

/// <summary>The call's arguments are complete.</summary>
public sealed class ToolCallEnded(string callId) : AIContent
{
    public string CallId { get; } = callId;
}

public static class ToolCallContents
{
    /// <summary>The same contents with each streamed call as one <see cref="FunctionCallContent"/>.</summary>
    public static List<AIContent> Join(IEnumerable<AIContent> contents)
    {
        var joined = new List<AIContent>();
        var arguments = new StringBuilder();
        ToolCallStarted? call = null;
        foreach (var content in contents)
        {
            switch (content)
            {
                case ToolCallStarted started:
                    call = started;
                    arguments.Clear();
                    break;
                case ToolCallArguments piece:
                    arguments.Append(piece.Fragment);
                    break;
                case ToolCallEnded when call is not null:
                    joined.Add(Parse(call.CallId, call.Name, arguments.ToString()));
                    call = null;
                    break;
                default:
                    joined.Add(content);
                    break;
            }
        }
        return joined;
    }

    /// <summary>A call from the text of its arguments. Models send, and clients send back, what is not a JSON object: it becomes the call's exception.</summary>
    public static FunctionCallContent Parse(string callId, string name, string json)
    {
        if (string.IsNullOrWhiteSpace(json))
            return new FunctionCallContent(callId, name);
        try
        {
            var arguments = JsonSerializer.Deserialize<Dictionary<string, object?>>(json);
            return new FunctionCallContent(callId, name, arguments);
        }
        catch (JsonException e)
        {
            return new FunctionCallContent(callId, name) { Exception = e };
        }
    }
}
