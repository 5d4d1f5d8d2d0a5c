using System.Text.Json.Serialization;

namespace Parley.Streaming.Generations;

/// <summary>What a part holds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PartKind>))]
public enum PartKind
{
    /// <summary>Text of the answer.</summary>
    [JsonStringEnumMemberName("text")]
    Text,

    /// <summary>The model's reasoning, before or between the text.</summary>
    [JsonStringEnumMemberName("reasoning")]
    Reasoning,

    /// <summary>A tool call. The part's text is the call's arguments, as JSON.</summary>
    [JsonStringEnumMemberName("tool")]
    Tool,

    /// <summary>A source that the answer cites. The part's text is JSON.</summary>
    [JsonStringEnumMemberName("source")]
    Source,

    /// <summary>A file. The part's text is JSON.</summary>
    [JsonStringEnumMemberName("file")]
    File,

    /// <summary>Data for the client. The part's text is JSON.</summary>
    [JsonStringEnumMemberName("data")]
    Data,
}
