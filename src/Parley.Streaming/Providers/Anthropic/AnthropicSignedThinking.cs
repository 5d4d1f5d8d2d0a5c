using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>
/// The signature of a thinking block, or the data of a redacted one, as <see cref="TextReasoningContent.ProtectedData"/>. The API wants it
/// back in the same conversation, from the same model only; so it carries the model's name.
/// </summary>
internal static class AnthropicSignedThinking
{
    public static string Pack(string model, bool isRedacted, string data) => Mark(model, isRedacted) + data;

    /// <summary>The signature or the redacted data; null where there is none of this model.</summary>
    public static string? Unpack(string? packed, string model, out bool isRedacted)
    {
        foreach (var redacted in (bool[])[false, true])
        {
            if (packed?.StartsWith(Mark(model, redacted), StringComparison.Ordinal) == true)
            {
                isRedacted = redacted;
                return packed[Mark(model, redacted).Length..];
            }
        }

        isRedacted = false;
        return null;
    }

    private static string Mark(string model, bool isRedacted) => $"anthropic {(isRedacted ? "redacted" : "thinking")} {model} ";
}
