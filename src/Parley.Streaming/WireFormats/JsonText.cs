using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Parley.Streaming.WireFormats;

/// <summary>JSON on the hot path: strings and numbers straight into the output.</summary>
internal static class JsonText
{
    /// <summary>For all that is too rare to be written by hand: as few escapes as JSON allows, so that text in any script stays as short as it is.</summary>
    public static readonly JsonWriterOptions Writer = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes UTF-8 text as the inside of a JSON string. The text is never cut inside a character.</summary>
    public static void WriteEscaped(this IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        while (text.Length > 0)
        {
            var room = output.GetSpan(Math.Min(text.Length + 16, 4096));
            JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(text, room, out var read, out var written);
            output.Advance(written);
            text = text[read..];
        }
    }

    /// <summary>Writes a string in quotes, escaped.</summary>
    public static void WriteQuoted(this IBufferWriter<byte> output, string text)
    {
        output.Write("\""u8);
        output.WriteEscaped(System.Text.Encoding.UTF8.GetBytes(text));
        output.Write("\""u8);
    }

    public static void WriteNumber(this IBufferWriter<byte> output, long value)
    {
        var room = output.GetSpan(20);
        Utf8Formatter.TryFormat(value, room, out var written);
        output.Advance(written);
    }

    /// <summary>JSON from elsewhere, on one line: in JSON a raw line break is layout, since a string has it escaped, and most formats end something at a line break.</summary>
    public static string OnOneLine(string json) => json.AsSpan().IndexOfAny('\r', '\n') < 0 ? json : json.Replace('\n', ' ').Replace('\r', ' ');
}
