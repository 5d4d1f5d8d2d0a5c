using System.Text.Json;
using System.Text.Json.Nodes;

namespace Parley.Streaming.Generations;

/// <summary>Tool results as the JSON that the log keeps.</summary>
internal static class ToolResults
{
    /// <summary>The JSON of a tool's result. Text becomes a JSON string.</summary>
    public static string ToJson(object? result) =>
        result switch
        {
            null => "null",
            JsonElement element => element.GetRawText(),
            JsonNode node => node.ToJsonString(),
            string text => JsonValue.Create(text).ToJsonString(),
            _ => JsonValue.Create(result.ToString() ?? "").ToJsonString(),
        };
}
