using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>
/// Names that clients choose for conversations and messages. A name is unique for its owner; names of other owners are never found.
/// </summary>
public static class ClientNames
{
    private const int MaxLength = 128;

    /// <summary>Path segments of routes that stand where other routes have a name. A test compares them with the routes.</summary>
    private static readonly string[] Reserved = ["stream", "start", "history", "text", "ticket", "conversations", "stop", ".", ".."];

    /// <summary>The error for an invalid name; null for a valid one.</summary>
    public static Problem? Check(string field, string? name) =>
        name is { Length: > 0 and <= MaxLength }
        && name.All(static letter => letter is > ' ' and <= '~' and not '/' and not '\\')
        && !Reserved.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? null
            : Problems.Invalid(
                field,
                ErrorCodes.InvalidId,
                $"An id must have 1 to {MaxLength} visible ASCII characters without slashes, and must not be a reserved word."
            );
}
