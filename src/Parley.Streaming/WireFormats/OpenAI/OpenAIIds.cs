namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>The ids of a generation in OpenAI's APIs.</summary>
public static class OpenAIIds
{
    private const string Response = "resp_";

    /// <summary>The id of a chat completion.</summary>
    public static string OfCompletion(GenerationInfo info) => "chatcmpl-" + Short(info);

    /// <summary>The id of a Response.</summary>
    public static string OfResponse(GenerationInfo info) => Response + Short(info);

    /// <summary>
    /// The generation of a Response's id, in the text form of <see cref="Generations.GenerationId"/>; null when it is not such an id.
    /// </summary>
    public static string? GenerationOf(string? responseId) =>
        responseId is not null
        && responseId.StartsWith(Response, StringComparison.Ordinal)
        && Guid.TryParseExact(responseId.AsSpan(Response.Length), "N", out var id)
        && responseId.AsSpan(Response.Length).SequenceEqual(id.ToString("N"))
            ? id.ToString("D")
            : null;

    internal static string Short(GenerationInfo info) => info.GenerationId.Replace("-", "", StringComparison.Ordinal);
}
