namespace Parley.Streaming.Tests.Providers.Gemini;

/// <summary>Streams as the Gemini API sends them: events without names, CRLF, no end marker.</summary>
internal static class Chunks
{
    /// <summary>A chunk with the text <c>Hello</c>.</summary>
    public const string Hello = """
        {"candidates":[{"content":{"parts":[{"text":"Hello"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":8,"totalTokenCount":8},"modelVersion":"m","responseId":"r1"}
        """;

    /// <summary>The last chunk.</summary>
    public static string End(string reason) =>
        "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\",\"thoughtSignature\":\"c2ln\"}],\"role\":\"model\"},\"finishReason\":\""
        + reason
        + "\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":8,\"candidatesTokenCount\":2,\"thoughtsTokenCount\":5,"
        + "\"cachedContentTokenCount\":3,\"totalTokenCount\":15,\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":8}]}}";

    /// <summary>A chunk with these parts.</summary>
    public static string Parts(string parts) => "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[" + parts + "]}}]}";

    public static string Stream(params string[] chunks) => RawUpstream.EventStream + Frames(chunks);

    public static string Frames(params string[] chunks) => string.Concat(chunks.Select(chunk => $"data: {chunk.Trim()}\r\n\r\n"));
}
