using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.OpenAIResponses;

/// <summary>
/// The encrypted reasoning of one item, as <see cref="TextReasoningContent.ProtectedData"/>. It carries the item's id, and the model's
/// name, because only that model takes it back.
/// </summary>
internal static class OpenAIResponsesReasoning
{
    public static string Pack(string model, string id, string encrypted) => $"{Mark(model)}{id} {encrypted}";

    /// <summary>The id and the encrypted reasoning; null where there is none of this model.</summary>
    public static (string Id, string Encrypted)? Unpack(string? packed, string model)
    {
        var mark = Mark(model);
        if (packed?.StartsWith(mark, StringComparison.Ordinal) != true)
        {
            return null;
        }

        return packed[mark.Length..].Split(' ', 2) is [var id, var encrypted] ? (id, encrypted) : null;
    }

    private static string Mark(string model) => $"openai {model} ";
}
