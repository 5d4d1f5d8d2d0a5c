using System.Text.Json;

namespace Parley.Streaming.Tests.Providers.Anthropic;

/// <summary>Streams as the Messages API sends them: each event with its name.</summary>
internal static class Transcript
{
    public const string Start = """
        {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":20,"output_tokens":1}}}
        """;

    /// <summary>A block with the text <c>Hello</c>.</summary>
    public const string Hello = """
        {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}
        {"type":"ping"}
        {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}
        """;

    public static string End(string reason) =>
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\""
        + reason
        + "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":7}}\n{\"type\":\"message_stop\"}";

    /// <summary>A response with these events, one per line.</summary>
    public static string Stream(params string[] events) => RawUpstream.EventStream + Frames(events);

    public static string Frames(params string[] events) =>
        string.Concat(events.SelectMany(lines => lines.Trim().Split('\n')).Select(line => $"event: {TypeOf(line)}\ndata: {line}\n\n"));

    private static string TypeOf(string line) => JsonElement.Parse(line).GetProperty("type").GetString()!;
}
