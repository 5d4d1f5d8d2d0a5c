using System.Text.Json.Serialization;

namespace Parley.Streaming.Generations;

/// <summary>
/// The state of a generation. Every value but <see cref="Running"/> is final. JSON and databases spell it as <see
/// cref="GenerationStatusNames"/> says.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<GenerationStatus>))]
public enum GenerationStatus
{
    /// <summary>A node owns it, or one will adopt it.</summary>
    [JsonStringEnumMemberName(GenerationStatusNames.Running)]
    Running,

    /// <summary>The model completed the answer.</summary>
    [JsonStringEnumMemberName(GenerationStatusNames.Completed)]
    Completed,

    /// <summary>A client stopped it.</summary>
    [JsonStringEnumMemberName(GenerationStatusNames.Stopped)]
    Stopped,

    /// <summary>The provider or a limit ended it. The text so far is kept.</summary>
    [JsonStringEnumMemberName(GenerationStatusNames.Failed)]
    Failed,

    /// <summary>Its process died and no node could continue it. The text so far is kept.</summary>
    [JsonStringEnumMemberName(GenerationStatusNames.Interrupted)]
    Interrupted,
}

/// <summary>How JSON and databases spell a <see cref="GenerationStatus"/>. The values are public and stored: they never change.</summary>
public static class GenerationStatusNames
{
    /// <summary><see cref="GenerationStatus.Running"/>.</summary>
    public const string Running = "running";

    /// <summary><see cref="GenerationStatus.Completed"/>.</summary>
    public const string Completed = "completed";

    /// <summary><see cref="GenerationStatus.Stopped"/>.</summary>
    public const string Stopped = "stopped";

    /// <summary><see cref="GenerationStatus.Failed"/>.</summary>
    public const string Failed = "failed";

    /// <summary><see cref="GenerationStatus.Interrupted"/>.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>The name of a status.</summary>
    public static string Name(this GenerationStatus status) =>
        status switch
        {
            GenerationStatus.Running => Running,
            GenerationStatus.Completed => Completed,
            GenerationStatus.Stopped => Stopped,
            GenerationStatus.Failed => Failed,
            GenerationStatus.Interrupted => Interrupted,
            _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
        };

    /// <summary>The status with this name. Throws <see cref="FormatException"/> for any other text.</summary>
    public static GenerationStatus Parse(string name) =>
        name switch
        {
            Running => GenerationStatus.Running,
            Completed => GenerationStatus.Completed,
            Stopped => GenerationStatus.Stopped,
            Failed => GenerationStatus.Failed,
            Interrupted => GenerationStatus.Interrupted,
            _ => throw new FormatException($"'{name}' is not the name of a generation's status."),
        };
}
