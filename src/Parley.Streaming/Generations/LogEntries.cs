using System.Text.Json.Serialization;

namespace Parley.Streaming.Generations;

/// <summary>
/// A control entry of a log: everything that is not text. Each advances the position by 1. The family is closed; a reader skips kinds that
/// it does not know.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(PartOpened), "open")]
[JsonDerivedType(typeof(PartClosed), "close")]
[JsonDerivedType(typeof(ToolReturned), "result")]
[JsonDerivedType(typeof(Seam), "seam")]
[JsonDerivedType(typeof(GenerationEnded), "end")]
public abstract record LogEntry;

/// <summary>A part starts. At most one part is open at a time.</summary>
/// <param name="Part">What it holds.</param>
/// <param name="CallId">Of a tool call: its id.</param>
/// <param name="Name">Of a tool call: the tool's name. Of data: its name.</param>
/// <param name="Continues">
/// The part continues the last part of its kind across a <see cref="Seam"/>: readers show the two as one.
/// </param>
public sealed record PartOpened(PartKind Part, string? CallId = null, string? Name = null, bool Continues = false) : LogEntry;

/// <summary>The open part ends.</summary>
public sealed record PartClosed : LogEntry
{
    /// <summary>The only value.</summary>
    public static PartClosed Instance { get; } = new();
}

/// <summary>A tool returned. Exactly one of <paramref name="Result"/> and <paramref name="Error"/> is set.</summary>
/// <param name="CallId">The id of the call.</param>
/// <param name="Result">What the tool returned, as JSON.</param>
/// <param name="Error">Why it failed, as a sentence.</param>
public sealed record ToolReturned(string CallId, string? Result, string? Error) : LogEntry;

/// <summary>A seam: the text after it comes from another attempt.</summary>
/// <param name="Reason"><see cref="Adopted"/> or <see cref="Continued"/>.</param>
/// <param name="Model">The model that continues.</param>
public sealed record Seam(string Reason, string Model) : LogEntry
{
    /// <summary>The node that owned the generation died, and another one adopted it.</summary>
    public const string Adopted = "adopted";

    /// <summary>A client asked to continue an answer that had ended.</summary>
    public const string Continued = "continued";
}

/// <summary>The last entry of every log that has ended. There is exactly one.</summary>
/// <param name="Status">How it ended; never <see cref="GenerationStatus.Running"/>.</param>
/// <param name="FinishReason">One of <see cref="FinishReasons"/>.</param>
/// <param name="Usage">The tokens used, where they are known.</param>
/// <param name="Error">Why it failed or was interrupted.</param>
/// <param name="StoppedAt">
/// Of a stopped generation: the position that the person who stopped it had seen. Text beyond it is stored, and not shown.
/// </param>
public sealed record GenerationEnded(
    GenerationStatus Status,
    string FinishReason,
    GenerationUsage? Usage = null,
    GenerationError? Error = null,
    long? StoppedAt = null
) : LogEntry;
