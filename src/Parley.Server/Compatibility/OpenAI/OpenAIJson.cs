using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Http.Json;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>How the OpenAI API writes JSON: in snake_case, with members that are null.</summary>
internal static class OpenAIJson
{
    public static readonly JsonSerializerOptions Options = new(ApiJson.Options)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.Strict,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };
}
