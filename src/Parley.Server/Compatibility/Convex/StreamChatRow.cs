using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Generations;
using Parley.Server.Http.Json;

namespace Parley.Server.Compatibility.Convex;

/// <summary>A chat as its row: times are milliseconds since 1970, and the status follows the answer.</summary>
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

    /// <summary>Until when the answer can be begun, where it has not been: the row changes then, without anybody doing anything.</summary>
    [JsonIgnore]
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>Where a chat stands.</summary>
internal static class ChatStatus
{
    /// <summary>Its answer waits to be begun, or is being written.</summary>
    public const string Pending = "pending";

    /// <summary>Its answer is there, also one that somebody stopped.</summary>
    public const string Completed = "completed";

    /// <summary>Its answer failed, or was not begun in time.</summary>
    public const string Error = "error";
}

/// <summary>Where a stream stands: other words than those of its chat.</summary>
internal static class StreamStatus
{
    /// <summary>There is no text yet.</summary>
    public const string Pending = "pending";

    /// <summary>There is text, and more may come.</summary>
    public const string Streaming = "streaming";

    /// <summary>The answer is there, also one that somebody stopped.</summary>
    public const string Done = "done";

    /// <summary>The answer failed; its text so far is kept.</summary>
    public const string Error = "error";

    /// <summary>It was not begun in time.</summary>
    public const string Timeout = "timeout";

    public static bool IsFinal(string status) => status is Done or Error or Timeout;
}
