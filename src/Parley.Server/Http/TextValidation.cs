using System.Globalization;
using System.Text;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>Checks messages and titles.</summary>
public static class TextValidation
{
    /// <summary>The maximum length of a message, in bytes of UTF-8: 1 MiB.</summary>
    public const int MaxMessageBytes = 1024 * 1024;

    /// <summary>The maximum average number of UTF-16 units per character of a title; a family emoji has 11.</summary>
    private const int MaxUnitsPerCharacter = 16;

    /// <summary>The error for an invalid message; null for a valid one.</summary>
    public static Problem? CheckMessage(string field, string? text)
    {
        if (string.IsNullOrEmpty(text) || !HasVisible(text))
        {
            return Problems.Invalid(field, ErrorCodes.TextRequired, "A message needs at least one visible character.");
        }

        return Encoding.UTF8.GetByteCount(text) > MaxMessageBytes
            ? Problems.Of(
                StatusCodes.Status413PayloadTooLarge,
                ErrorCodes.MessageTooLong,
                "A message may have at most 1 MiB of text.",
                field
            )
            : null;
    }

    /// <summary>The error for an invalid title; null for a valid one.</summary>
    public static Problem? CheckTitle(string? title)
    {
        if (string.IsNullOrEmpty(title) || !HasVisible(title))
        {
            return Problems.Invalid("title", ErrorCodes.TextRequired, "A title needs at least one visible character.");
        }

        return title.Length > 200 * MaxUnitsPerCharacter || new StringInfo(title).LengthInTextElements > 200
            ? Problems.Invalid("title", ErrorCodes.TitleTooLong, "A title may have at most 200 characters.")
            : null;
    }

    /// <summary>Whether the text has a character that is neither white space nor a control or format character.</summary>
    private static bool HasVisible(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!Rune.IsWhiteSpace(rune) && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Format or UnicodeCategory.Control))
            {
                return true;
            }
        }

        return false;
    }
}
