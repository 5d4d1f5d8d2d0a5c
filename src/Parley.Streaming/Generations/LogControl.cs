using System.Text.Json.Serialization;

namespace Parley.Streaming.Generations;

/// <summary>
/// An entry of the log that is not text. Each advances the position by 1. This is a closed family; a reader that meets a
/// kind it does not know passes over it.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(PartOpened), "open")]
[JsonDerivedType(typeof(PartClosed), "close")]
[JsonDerivedType(typeof(ToolReturned), "result")]
[JsonDerivedType(typeof(Seam), "seam")]
[JsonDerivedType(typeof(GenerationEnded), "end")]
public abstract record LogControl;

/// <summary>What the text of a part is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PartKind>))]
public enum PartKind
{
    /// <summary>The answer.</summary>
    [JsonStringEnumMemberName("text")]
    Text,

    /// <summary>What the model thought before or between.</summary>
    [JsonStringEnumMemberName("reasoning")]
    Reasoning,

    /// <summary>A tool call; the part's text is its arguments, as JSON.</summary>
    [JsonStringEnumMemberName("tool")]
    Tool,

    /// <summary>A source that the answer cites; the part's text is JSON.</summary>
    [JsonStringEnumMemberName("source")]
    Source,

    /// <summary>A file; the part's text is JSON.</summary>
    [JsonStringEnumMemberName("file")]
    File,

    /// <summary>Data for the client; the part's text is JSON.</summary>
    [JsonStringEnumMemberName("data")]
    Data,
}

/// <summary>A part begins. At most one part is open at a time.</summary>
/// <param name="Part">What its text is.</param>
/// <param name="CallId">Of a tool call: its id.</param>
/// <param name="Name">Of a tool call: the tool.</param>
/// <param name="Continues">The part goes on with the last part of its kind, across a seam: readers join the two.</param>
public sealed record PartOpened(PartKind Part, string? CallId = null, string? Name = null, bool Continues = false) : LogControl;

/// <summary>The open part ends.</summary>
public sealed record PartClosed : LogControl
{
    /// <summary>The only value there is.</summary>
    public static PartClosed Instance { get; } = new();
}

/// <summary>A tool answered. Exactly one of <paramref name="Result"/> and <paramref name="Error"/> is there.</summary>
/// <param name="CallId">The call that it answers.</param>
/// <param name="Result">What it returned, as JSON.</param>
/// <param name="Error">Why it failed, as a sentence.</param>
public sealed record ToolReturned(string CallId, string? Result, string? Error) : LogControl;

/// <summary>From here on the text comes from another attempt.</summary>
/// <param name="Reason"><c>adopted</c>: the owner died and a live one went on. <c>continued</c>: somebody asked to go on with an answer that had ended.</param>
/// <param name="Model">The model that goes on.</param>
public sealed record Seam(string Reason, string Model) : LogControl
{
    public const string Adopted = "adopted";
    public const string Continued = "continued";
}

/// <summary>The last entry of every log; there is exactly one.</summary>
/// <param name="Status">How it ended; never <see cref="GenerationStatus.Running"/>.</param>
/// <param name="FinishReason"><c>stop</c>, <c>length</c>, <c>stopped</c>, <c>tool-calls</c>, <c>content-filter</c>, or <c>error</c>.</param>
/// <param name="Usage">What it used, where known.</param>
/// <param name="Error">Why it failed or was interrupted.</param>
/// <param name="StoppedAt">Of a stopped one: the position that the person who stopped it had seen. Text beyond it is kept, and not shown.</param>
public sealed record GenerationEnded(
    GenerationStatus Status,
    string FinishReason,
    GenerationUsage? Usage = null,
    GenerationError? Error = null,
    long? StoppedAt = null
) : LogControl;

/// <summary>Tokens of one generation. <paramref name="CachedInputTokens"/> is a part of the input, <paramref name="ReasoningTokens"/> of the output.</summary>
public sealed record GenerationUsage(
    long InputTokens,
    long OutputTokens,
    long? CachedInputTokens = null,
    long? ReasoningTokens = null,
    bool? Estimated = null
);

/// <summary>Why a generation did not complete.</summary>
/// <param name="Code">Stable, for programs.</param>
/// <param name="Message">A sentence that a person can act on. It holds nothing that a provider sent.</param>
/// <param name="Retryable">Whether the same request may succeed later.</param>
/// <param name="RetryAfter">Seconds after which it may, where the provider said so.</param>
public sealed record GenerationError(string Code, string Message, bool Retryable, int? RetryAfter = null);

/// <summary>A control entry and where it stands: it covers the positions from <paramref name="Position"/> to one beyond it.</summary>
public readonly record struct PositionedControl(long Position, LogControl Control);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault
)]
[JsonSerializable(typeof(LogControl))]
[JsonSerializable(typeof(List<LogControl>))]
public sealed partial class LogControlJson : JsonSerializerContext;
