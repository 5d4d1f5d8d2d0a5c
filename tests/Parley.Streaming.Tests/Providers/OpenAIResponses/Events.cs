using System.Text.Json;

namespace Parley.Streaming.Tests.Providers.OpenAIResponses;

/// <summary>Streams as the Responses API sends them: each event with its name.</summary>
internal static class Events
{
    public const string Created = """
        {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","output":[],"usage":null,"error":null,"incomplete_details":null}}
        {"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","object":"response","status":"in_progress"}}
        """;

    /// <summary>A message that begins with the text <c>Hello</c>.</summary>
    public const string Hello = """
        {"type":"response.output_item.added","output_index":1,"item":{"type":"message","id":"msg_1","status":"in_progress","role":"assistant","content":[]}}
        {"type":"response.content_part.added","output_index":1,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}
        {"type":"response.output_text.delta","output_index":1,"content_index":0,"item_id":"msg_1","delta":"Hello","logprobs":[]}
        """;

    public const string Completed = """
        {"type":"response.completed","response":{"id":"resp_1","object":"response","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"again"}]}],"error":null,"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":17}}}
        """;

    public static string Incomplete(string reason) =>
        "{\"type\":\"response.incomplete\",\"response\":{\"id\":\"resp_1\",\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\""
        + reason
        + "\"}}}";

    public static string Stream(params string[] events) => RawUpstream.EventStream + Frames(events);

    public static string Frames(params string[] events) =>
        string.Concat(events.SelectMany(lines => lines.Trim().Split('\n')).Select(line => $"event: {TypeOf(line)}\ndata: {line}\n\n"));

    private static string TypeOf(string line) => JsonElement.Parse(line).GetProperty("type").GetString()!;
}
