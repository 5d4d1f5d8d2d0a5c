using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>Where a Response stands, in OpenAI's words.</summary>
public enum ResponseStatus
{
    /// <summary>Nothing has been asked yet.</summary>
    Queued,

    /// <summary>The answer is being written.</summary>
    InProgress,

    /// <summary>It is whole.</summary>
    Completed,

    /// <summary>A limit or a filter cut it.</summary>
    Incomplete,

    /// <summary>It broke off.</summary>
    Failed,

    /// <summary>Somebody stopped it.</summary>
    Cancelled,
}

/// <summary>What a log says of it.</summary>
public static class ResponseStatuses
{
    /// <summary>The status of a generation with this end, or without one.</summary>
    public static ResponseStatus Of(GenerationEnded? end) =>
        end switch
        {
            null => ResponseStatus.InProgress,
            { Error: not null } or { Status: GenerationStatus.Failed or GenerationStatus.Interrupted } => ResponseStatus.Failed,
            { Status: GenerationStatus.Stopped } => ResponseStatus.Cancelled,
            { FinishReason: "length" or "content-filter" } => ResponseStatus.Incomplete,
            _ => ResponseStatus.Completed,
        };

    /// <summary>As the JSON has it.</summary>
    internal static string Name(this ResponseStatus status) =>
        status switch
        {
            ResponseStatus.Queued => "queued",
            ResponseStatus.InProgress => "in_progress",
            ResponseStatus.Completed => "completed",
            ResponseStatus.Incomplete => "incomplete",
            ResponseStatus.Failed => "failed",
            _ => "cancelled",
        };
}
