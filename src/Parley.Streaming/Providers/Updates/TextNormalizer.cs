using System.Buffers;
using System.Globalization;
using System.Text;

namespace Parley.Streaming.Providers.Updates;

/// <summary>
/// Turns the raw bytes of a JSON string into text that can always be stored and sent: invalid UTF-8, NUL and lone
/// surrogates become U+FFFD. A high surrogate at the end of a delta is held until the next delta brings its other half.
/// </summary>
internal struct TextNormalizer
{
    private const char Replacement = '\uFFFD';
    private char _high;

    /// <summary>The text of one delta, or null where there is nothing to pass on yet.</summary>
    public string? Append(ReadOnlySpan<byte> json, bool escaped)
    {
        if (json.IsEmpty)
        {
            return null;
        }

        if (!escaped && _high == 0)
        {
            return Encoding.UTF8.GetString(json);
        }

        var capacity = json.Length + 2;
        char[]? rented = null;
        var chars = capacity <= 512 ? stackalloc char[512] : rented = ArrayPool<char>.Shared.Rent(capacity);
        var length = Unescape(json, chars);
        var text = length == 0 ? null : new string(chars[..length]);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return text;
    }

    /// <summary>The text that is still held, when no more will come.</summary>
    public string? Flush()
    {
        if (_high == 0)
        {
            return null;
        }

        _high = default;
        return Replacement.ToString();
    }

    private int Unescape(ReadOnlySpan<byte> json, Span<char> chars)
    {
        var length = 0;
        while (!json.IsEmpty)
        {
            var slash = json.IndexOf((byte)'\\');
            var plain = slash < 0 ? json : json[..slash];
            if (!plain.IsEmpty)
            {
                if (_high != 0)
                {
                    chars[length++] = Replacement;
                }

                _high = default;
                length += Encoding.UTF8.GetChars(plain, chars[length..]);
            }

            if (slash < 0)
            {
                break;
            }

            length += Put(ReadEscape(json[(slash + 1)..], out var used), chars[length..]);
            json = json[(slash + 1 + used)..];
        }

        return length;
    }

    private int Put(char letter, Span<char> chars)
    {
        var length = 0;
        if (_high != 0)
        {
            var high = _high;
            _high = default;
            if (char.IsLowSurrogate(letter))
            {
                chars[0] = high;
                chars[1] = letter;
                return 2;
            }

            chars[length++] = Replacement;
        }

        if (char.IsHighSurrogate(letter))
        {
            _high = letter;
        }
        else
        {
            chars[length++] = letter == 0 || char.IsLowSurrogate(letter) ? Replacement : letter;
        }

        return length;
    }

    // The JSON reader has already checked that the escapes are well formed.
    private static char ReadEscape(ReadOnlySpan<byte> escape, out int used)
    {
        used = 1;
        switch (escape[0])
        {
            case (byte)'n':
                return '\n';
            case (byte)'r':
                return '\r';
            case (byte)'t':
                return '\t';
            case (byte)'b':
                return '\b';
            case (byte)'f':
                return '\f';
            case (byte)'u':
                used = 5;
                return (char)ushort.Parse(escape.Slice(1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            default:
                return (char)escape[0];
        }
    }
}
