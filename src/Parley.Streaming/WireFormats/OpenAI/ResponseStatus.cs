using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>The status of a Response, in OpenAI's terms.</summary>
public enum ResponseStatus
{
    /// <summary>The model has not been asked yet.</summary>
    Queued,

    /// <summary>The answer is being written.</summary>
    InProgress,

    /// <summary>The answer is complete.</summary>
    Completed,

    /// <summary>A limit or a filter ended the answer.</summary>
    Incomplete,

    /// <summary>The generation failed or was interrupted.</summary>
    Failed,

    /// <summary>A client stopped the generation.</summary>
    Cancelled,
}

/// <summary>Statuses of Responses.</summary>
public static class ResponseStatuses
{
    /// <summary>The status of a generation with this end; null while it runs.</summary>
    public static ResponseStatus Of(GenerationEnded? end) =>
        end switch
        {
            null => ResponseStatus.InProgress,
            { Error: not null } or { Status: GenerationStatus.Failed or GenerationStatus.Interrupted } => ResponseStatus.Failed,
            { Status: GenerationStatus.Stopped } => ResponseStatus.Cancelled,
            { FinishReason: FinishReasons.Length or FinishReasons.ContentFilter } => ResponseStatus.Incomplete,
            _ => ResponseStatus.Completed,
        };

    /// <summary>The status as JSON spells it.</summary>
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
