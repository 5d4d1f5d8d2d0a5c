using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Parley.Streaming.Generations;

namespace Parley.Server.Data;

/// <summary>What a client requested beyond the conversation, stored so that another node can repeat the request.</summary>
/// <param name="Kind">How to read <paramref name="Body"/>: <see cref="Options"/>, <see cref="Messages"/>, <see cref="ChatCompletion"/> or
/// <see cref="Response"/>.</param>
/// <param name="Body">The client's JSON.</param>
public sealed record StoredRequest(string Kind, JsonElement Body)
{
    /// <summary>Parameters for an answer in a conversation: <c>temperature</c>, <c>topP</c>, <c>maxTokens</c>.</summary>
    public const string Options = "options";

    /// <summary>The same, and <c>messages</c> with role and content: the whole prompt.</summary>
    public const string Messages = "messages";

    /// <summary>The body of <c>POST /v1/chat/completions</c>: its messages are the whole prompt.</summary>
    public const string ChatCompletion = "chat.completion";

    /// <summary>The body of <c>POST /v1/responses</c>.</summary>
    public const string Response = "response";

    /// <summary>Whether the body contains the whole prompt, so that the conversation is not needed.</summary>
    [JsonIgnore]
    public bool HasAllMessages => Kind != Options;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>The same request with the results of the client's tools, for a continued answer.</summary>
    public static StoredRequest? WithToolResults(StoredRequest? asked, IReadOnlyCollection<ToolReturned> results)
    {
        if (results.Count == 0)
        {
            return asked;
        }

        var body = asked is null ? [] : JsonObject.Create(asked.Body)!;
        body[ToolResults] = JsonSerializer.SerializeToNode(results.ToList<LogEntry>(), LogEntryJson.Default.ListLogEntry);
        return new StoredRequest(asked?.Kind ?? Options, JsonSerializer.SerializeToElement(body));
    }

    /// <summary>The results of the client's tools, which are added to the log that the answer continues.</summary>
    [JsonIgnore]
    public IReadOnlyList<LogEntry> KeptToolResults =>
        Body.TryGetProperty(ToolResults, out var results) ? results.Deserialize(LogEntryJson.Default.ListLogEntry)! : [];

    private const string ToolResults = "toolResults";

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public static StoredRequest? Parse(string? json) => json is null ? null : JsonSerializer.Deserialize<StoredRequest>(json, Json);
}
