using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>
/// The signature of a function call, as <see cref="TextReasoningContent.ProtectedData"/> of an empty reasoning content before it. It
/// carries the model's name, because only that model takes it back.
/// </summary>
internal static class GeminiSignature
{
    /// <summary>What Google documents for calls whose signature is not known: they came from another model, or from a client.</summary>
    public const string Unknown = "skip_thought_signature_validator";

    public static string Pack(string model, string signature) => Mark(model) + signature;

    /// <summary>The signature; null where there is none of this model.</summary>
    public static string? Unpack(string? packed, string model) =>
        packed?.StartsWith(Mark(model), StringComparison.Ordinal) == true ? packed[Mark(model).Length..] : null;

    private static string Mark(string model) => $"gemini {model} ";
}
