using System.Globalization;

namespace Parley.Streaming.WireFormats;

/// <summary>The offsets and cursors of Durable Streams. An offset is a position, padded so that text sorts as positions do.</summary>
public static class DurableOffsets
{
    private const int Digits = 16;
    private const int MostCursorDigits = 15;
    private static readonly DateTimeOffset Epoch = new(2024, 10, 9, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);

    /// <summary>The most that <see cref="Cursor"/> may be given as jitter: an hour of intervals.</summary>
    public const int MostJitter = 180;

    /// <summary>The offset of a position.</summary>
    public static string Format(long position) => position.ToString("D16", CultureInfo.InvariantCulture);

    /// <summary>Reads an offset: <c>-1</c> is the beginning, <c>now</c> the tail, anything else up to 16 digits.</summary>
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

        if (!TryDigits(text, Digits, out var number))
        {
            return false;
        }

        position = number;
        return true;
    }

    /// <summary>The number of the 20 s interval, or one beyond the client's cursor when that is not lower: shared caches keep an answer under its cursor, so it must move on.</summary>
    /// <param name="now">The time.</param>
    /// <param name="client">The cursor that the client sent; see <see cref="TryParseCursor"/>.</param>
    /// <param name="jitter">How much further than 1 to move on then, from 0 to <see cref="MostJitter"/>; a random number.</param>
    public static long Cursor(DateTimeOffset now, long? client, int jitter)
    {
        var current = Math.Max(0, (now - Epoch).Ticks / Interval.Ticks);
        return client is { } last && last >= current ? last + 1 + Math.Clamp(jitter, 0, MostJitter) : current;
    }

    /// <summary>A cursor as clients get it.</summary>
    public static string FormatCursor(long cursor) => cursor.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads a client's cursor. What is none is as good as none: it only tells cached answers apart.</summary>
    public static bool TryParseCursor(string? text, out long cursor) => TryDigits(text, MostCursorDigits, out cursor);

    private static bool TryDigits(string? text, int most, out long number)
    {
        number = 0;

        // The framework's parser takes zeros (U+0000) after a number.
        return text is { Length: > 0 }
            && text.Length <= most
            && text.All(char.IsAsciiDigit)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
