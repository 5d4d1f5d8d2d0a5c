using System.Text.Json.Serialization;

namespace Parley.Streaming.Generations;

/// <summary>Where a generation stands. Everything but <see cref="Running"/> is final.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GenerationStatus>))]
public enum GenerationStatus
{
    /// <summary>It has an owner, or waits for a node to adopt it.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>The model said that it is done.</summary>
    [JsonStringEnumMemberName("completed")]
    Completed,

    /// <summary>Somebody who may asked it to stop.</summary>
    [JsonStringEnumMemberName("stopped")]
    Stopped,

    /// <summary>The provider or a limit ended it. The text so far is kept.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Its process died and nobody could go on. The text so far is kept.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}
