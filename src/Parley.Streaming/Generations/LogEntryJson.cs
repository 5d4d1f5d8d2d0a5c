using System.Text.Json.Serialization;

namespace Parley.Streaming.Generations;

/// <summary>Control entries as the JSON that stores keep.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault
)]
[JsonSerializable(typeof(LogEntry))]
[JsonSerializable(typeof(List<LogEntry>))]
public sealed partial class LogEntryJson : JsonSerializerContext;
