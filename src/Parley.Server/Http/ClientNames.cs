using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>Names that clients choose for conversations and messages: unique for their owner, never guessable across people.</summary>
public static class ClientNames
{
    private const int Longest = 128;

    /// <summary>What stands at the place of a name in a route.</summary>
    private static readonly string[] Reserved = ["stream", "start", "history", "text", "ticket", "conversations", "stop", ".", ".."];

    /// <summary>Why a name is refused, or null.</summary>
    public static Problem? Check(string field, string? name) =>
        name is { Length: > 0 and <= Longest }
        && name.All(static letter => letter is > ' ' and <= '~' and not '/' and not '\\')
        && !Reserved.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? null
            : Problems.Invalid(
                field,
                "invalid_id",
                $"An id has 1 to {Longest} visible ASCII characters without slashes, and is none of the words that routes use."
            );
}
