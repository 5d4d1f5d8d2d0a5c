using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Http.Json;

namespace Parley.Server.Compatibility.Convex;

/// <summary>A chat as a row. Times are milliseconds since 1970; the status is derived from the generation.</summary>
public sealed record StreamChatRow(
    [property: JsonPropertyName("_id")] string Id,
    [property: JsonPropertyName("_creationTime")] long CreationTime,
    string UserId,
    string Title,
    string Prompt,
    string StreamId,
    string Status,
    long CreatedAt,
    long UpdatedAt
)
{
    internal static JsonSerializerOptions Json { get; } =
        new(ApiJson.Options) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    /// <summary>When the session expires, which changes the row; null once the generation has started.</summary>
    [JsonIgnore]
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>The statuses of a chat.</summary>
internal static class ChatStatus
{
    /// <summary>Its generation has not started, or is running.</summary>
    public const string Pending = "pending";

    /// <summary>Its generation has completed, or was stopped.</summary>
    public const string Completed = "completed";

    /// <summary>Its generation failed, or was not started in time.</summary>
    public const string Error = "error";
}

/// <summary>The statuses of a stream, which differ from those of its chat.</summary>
internal static class StreamStatus
{
    /// <summary>There is no text yet.</summary>
    public const string Pending = "pending";

    /// <summary>There is text, and more may come.</summary>
    public const string Streaming = "streaming";

    /// <summary>The generation has completed, or was stopped.</summary>
    public const string Done = "done";

    /// <summary>The generation failed; the text so far is kept.</summary>
    public const string Error = "error";

    /// <summary>The generation was not started in time.</summary>
    public const string Timeout = "timeout";

    public static bool IsFinal(string status) => status is Done or Error or Timeout;
}
