namespace Parley.Server.OpenApi;

/// <summary>Headers of answers, by name.</summary>
internal static class ResponseHeaders
{
    private static readonly Dictionary<string, string> Descriptions = new()
    {
        ["X-Conversation-Id"] = "The conversation that the answer is in.",
        ["X-Generation-Id"] = "The generation that writes the answer: follow, stop or look at it under `/api/v1/generations/{id}`.",
        ["Location"] = "Where the new thing is.",
        ["Retry-After"] = "Seconds after which the same request may succeed.",
        ["WWW-Authenticate"] = "`Bearer`.",
        ["ETag"] = "Names this stretch of the stream; good for `If-None-Match`.",
        ["Stream-Next-Offset"] = "The offset to read from next.",
        ["Stream-Up-To-Date"] = "`true` when nothing more is there yet.",
        ["Stream-Closed"] = "`true` when nothing more will come.",
        ["Stream-Cursor"] = "To be sent as `cursor` with the next long-poll.",
        ["x-vercel-ai-ui-message-stream"] = "`v1`, on the UI message stream.",
        ["x-vercel-ai-data-stream"] = "`v1`, on the data stream.",
    };

    public static string Describe(string name) => Descriptions[name];
}
