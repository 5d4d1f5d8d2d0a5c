using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Parley.Streaming.Generations;

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
    public static string OnOneLine(string json) =>
        json.AsSpan().IndexOfAny('\r', '\n') < 0 ? json : json.Replace('\n', ' ').Replace('\r', ' ');

    /// <summary>Writes JSON from elsewhere as <see cref="OnOneLine"/> has it.</summary>
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

    /// <summary>Writes JSON from elsewhere as <see cref="OnOneLine"/> has it.</summary>
    public static void WriteOnOneLine(this IBufferWriter<byte> output, string json) =>
        output.WriteOnOneLine(System.Text.Encoding.UTF8.GetBytes(json));

    /// <summary>Text that may be JSON, since a model wrote it. Null when it is not.</summary>
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

    /// <summary>A string as the inside of a JSON string.</summary>
    public static byte[] Escaped(string text)
    {
        var output = new ArrayBufferWriter<byte>();
        output.WriteEscaped(System.Text.Encoding.UTF8.GetBytes(text));
        return output.WrittenSpan.ToArray();
    }

    /// <summary>A member of an object, where it is there, a string, and whole characters.</summary>
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
            // An escape that is half of a character.
            return null;
        }
    }

    /// <summary>Writes a <c>usage</c> object.</summary>
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
