using System.Globalization;

namespace Parley.Streaming.WireFormats;

/// <summary>The offsets and cursors of Durable Streams. An offset is a position, padded with zeros so that offsets sort as text.</summary>
public static class DurableOffsets
{
    /// <summary>The maximum of the jitter of <see cref="Cursor"/>: an hour of intervals.</summary>
    public const int MaxJitter = 180;

    private const int MaxOffsetDigits = 16;
    private const int MaxCursorDigits = 15;
    private static readonly DateTimeOffset Epoch = new(2024, 10, 9, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    /// <summary>The offset of a position.</summary>
    public static string Format(long position) => position.ToString("D16", CultureInfo.InvariantCulture);

    /// <summary>Parses an offset: <c>-1</c> is the beginning, <c>now</c> the tail; otherwise up to 16 digits.</summary>
    /// <param name="text">What the client sent.</param>
    /// <param name="position">The position; null for the tail.</param>
    /// <returns>False when it is none of these.</returns>
    public static bool TryParse(string? text, out long? position)
    {
        position = text is "-1" ? 0 : null;
        if (text is "-1" or "now")
        {
            return true;
        }

        if (!TryParseDigits(text, MaxOffsetDigits, out var number))
        {
            return false;
        }

        position = number;
        return true;
    }

    /// <summary>
    /// The number of the current interval of 20 s, or one beyond the client's cursor when that is not lower: shared caches store a response
    /// under its cursor, so the cursor must advance.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="client">The cursor that the client sent; see <see cref="TryParseCursor"/>.</param>
    /// <param name="jitter">How much more than 1 to advance in that case, from 0 to <see cref="MaxJitter"/>; a random number.</param>
    public static long Cursor(DateTimeOffset now, long? client, int jitter)
    {
        var current = Math.Max(0, (now - Epoch).Ticks / Interval.Ticks);
        return client is { } last && last >= current ? last + 1 + Math.Clamp(jitter, 0, MaxJitter) : current;
    }

    /// <summary>The text form of a cursor.</summary>
    public static string FormatCursor(long cursor) => cursor.ToString(CultureInfo.InvariantCulture);

    /// <summary>Parses a client's cursor. Callers ignore an invalid one: a cursor only distinguishes cached responses.</summary>
    public static bool TryParseCursor(string? text, out long cursor) => TryParseDigits(text, MaxCursorDigits, out cursor);

    private static bool TryParseDigits(string? text, int maxDigits, out long number)
    {
        number = 0;

        // The framework's parser accepts trailing U+0000.
        return text is { Length: > 0 }
            && text.Length <= maxDigits
            && text.All(char.IsAsciiDigit)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
