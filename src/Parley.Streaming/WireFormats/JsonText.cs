using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>JSON on the hot path: strings and numbers are written straight into the output.</summary>
internal static class JsonText
{
    private const int MaxStackBytes = 256;

    /// <summary>
    /// For JSON that is too rare to be written by hand: as few escapes as JSON allows, so that text in any script stays short.
    /// </summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes UTF-8 text as the inside of a JSON string. The text must not be cut inside a character.</summary>
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

    /// <summary>Writes text as the inside of a JSON string.</summary>
    public static void WriteEscaped(this IBufferWriter<byte> output, string text)
    {
        var maxBytes = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (maxBytes > MaxStackBytes)
        {
            output.WriteEscaped(Encoding.UTF8.GetBytes(text));
            return;
        }

        Span<byte> bytes = stackalloc byte[MaxStackBytes];
        output.WriteEscaped(bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    /// <summary>Writes text as a JSON string, with its quotes.</summary>
    public static void WriteQuoted(this IBufferWriter<byte> output, string text)
    {
        output.Write("\""u8);
        output.WriteEscaped(text);
        output.Write("\""u8);
    }

    /// <summary>Writes a number.</summary>
    public static void WriteNumber(this IBufferWriter<byte> output, long value)
    {
        var room = output.GetSpan(20);
        Utf8Formatter.TryFormat(value, room, out var written);
        output.Advance(written);
    }

    /// <summary>
    /// JSON from a model or a tool, on one line. Outside of strings a line break in JSON is only layout, and inside it is escaped; most
    /// formats end something at a line break.
    /// </summary>
    public static string OnOneLine(string json) =>
        json.AsSpan().IndexOfAny('\r', '\n') < 0 ? json : json.Replace('\n', ' ').Replace('\r', ' ');

    /// <summary>Writes JSON as <see cref="OnOneLine"/> returns it.</summary>
    public static void WriteOnOneLine(this IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        while (json.Length > 0)
        {
            var line = json.IndexOfAny((byte)'\r', (byte)'\n');
            output.Write(line < 0 ? json : json[..line]);
            if (line < 0)
            {
                return;
            }

            output.Write(" "u8);
            json = json[(line + 1)..];
        }
    }

    /// <summary>Writes JSON as <see cref="OnOneLine"/> returns it.</summary>
    public static void WriteOnOneLine(this IBufferWriter<byte> output, string json) => output.WriteOnOneLine(Encoding.UTF8.GetBytes(json));

    /// <summary>Parses text that a model wrote. Null when it is not JSON.</summary>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Text as the inside of a JSON string.</summary>
    public static byte[] Escaped(string text)
    {
        var output = new ArrayBufferWriter<byte>();
        output.WriteEscaped(text);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>A member of an object, if it is there, is a string and consists of whole characters; otherwise null.</summary>
    public static string? StringOf(JsonElement json, string member)
    {
        if (
            json.ValueKind != JsonValueKind.Object
            || !json.TryGetProperty(member, out var value)
            || value.ValueKind != JsonValueKind.String
        )
        {
            return null;
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // An escaped lone surrogate.
            return null;
        }
    }

    /// <summary>Writes a <c>usage</c> member.</summary>
    public static void WriteUsage(this Utf8JsonWriter json, GenerationUsage usage)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("inputTokens"u8, usage.InputTokens);
        json.WriteNumber("outputTokens"u8, usage.OutputTokens);
        if (usage.CachedInputTokens is { } cached)
        {
            json.WriteNumber("cachedInputTokens"u8, cached);
        }

        if (usage.ReasoningTokens is { } reasoning)
        {
            json.WriteNumber("reasoningTokens"u8, reasoning);
        }

        if (usage.Estimated is true)
        {
            json.WriteBoolean("estimated"u8, true);
        }

        json.WriteEndObject();
    }
}
