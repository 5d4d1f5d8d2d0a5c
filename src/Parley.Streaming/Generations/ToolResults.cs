using System.Text.Json;
using System.Text.Json.Nodes;

namespace Parley.Streaming.Generations;

/// <summary>What tools return, as the JSON that the log keeps.</summary>
internal static class ToolResults
{
    /// <summary>JSON of a tool's result. Text stays a JSON string.</summary>
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
