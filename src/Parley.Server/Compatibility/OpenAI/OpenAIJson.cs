using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Http.Json;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>The JSON of the OpenAI API: in snake_case, including null members.</summary>
internal static class OpenAIJson
{
    public static readonly JsonSerializerOptions Options = new(ApiJson.Options)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.Strict,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };
}
