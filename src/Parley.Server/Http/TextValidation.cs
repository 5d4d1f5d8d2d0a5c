using System.Globalization;
using System.Text;
using Parley.Server.Http.Errors;

namespace Parley.Server.Http;

/// <summary>What people may send as text.</summary>
public static class TextValidation
{
    /// <summary>Bytes that a message may have as UTF-8: 1 MiB.</summary>
    public const int MaxMessageBytes = 1024 * 1024;

    /// <summary>UTF-16 units that a character of a title has at most on average; a family emoji has 11.</summary>
    private const int MostUnitsOfACharacter = 16;

    /// <summary>Why a message is refused, or null.</summary>
    public static Problem? CheckMessage(string field, string? text)
    {
        if (string.IsNullOrEmpty(text) || !HasVisible(text))
        {
            return Problems.Invalid(field, "text_required", "Write something first.");
        }

        return Encoding.UTF8.GetByteCount(text) > MaxMessageBytes
            ? Problems.Of(StatusCodes.Status413PayloadTooLarge, "message_too_long", "A message may have 1 MiB of text at most.", field)
            : null;
    }

    /// <summary>Why a title is refused, or null.</summary>
    public static Problem? CheckTitle(string? title)
    {
        if (string.IsNullOrEmpty(title) || !HasVisible(title))
        {
            return Problems.Invalid("title", "text_required", "A title needs at least one visible character.");
        }

        return title.Length > 200 * MostUnitsOfACharacter || new StringInfo(title).LengthInTextElements > 200
            ? Problems.Invalid("title", "title_too_long", "A title may have 200 characters at most.")
            : null;
    }

    /// <summary>Neither white space nor one of the characters that only steer others.</summary>
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
