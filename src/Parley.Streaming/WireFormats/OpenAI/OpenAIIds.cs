namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>The ids that OpenAI's clients know a generation by.</summary>
public static class OpenAIIds
{
    private const string Response = "resp_";

    /// <summary>The id of a chat completion.</summary>
    public static string OfCompletion(GenerationInfo info) => "chatcmpl-" + Short(info);

    /// <summary>The id of a Response.</summary>
    public static string OfResponse(GenerationInfo info) => Response + Short(info);

    /// <summary>The generation that a Response's id names, in the text form of <see cref="Generations.GenerationId"/>; null when it is no such id.</summary>
    public static string? GenerationOf(string? responseId) =>
        responseId is not null
        && responseId.StartsWith(Response, StringComparison.Ordinal)
        && Guid.TryParseExact(responseId.AsSpan(Response.Length), "N", out var id)
        && responseId.AsSpan(Response.Length).SequenceEqual(id.ToString("N"))
            ? id.ToString("D")
            : null;

    internal static string Short(GenerationInfo info) => info.GenerationId.Replace("-", "", StringComparison.Ordinal);
}
