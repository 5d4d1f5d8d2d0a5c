using System.Buffers;
using System.Text;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Server.Data;

/// <summary>
/// A folded log as a message keeps it: the text parts in <c>content</c>, and everything else in <c>parts</c>, such that both
/// together give the log again, byte for byte and position for position.
/// </summary>
/// <remarks>
/// <c>parts</c> is a JSON array in the log's order: an object is a control entry, a number is a length in UTF-8 bytes of text that comes from <c>content</c>, a string is the text
/// of a part of another kind.
/// </remarks>
public static class MessageParts
{
    /// <summary>Splits a log into what the message keeps.</summary>
    public static (string Content, string Parts) Fold(LogSnapshot log)
    {
        var content = new StringBuilder();
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var entry in log.From(0))
            {
                if (entry.Control is { } control)
                {
                    JsonSerializer.Serialize(json, control, LogEntryJson.Default.LogEntry);
                }
                else if (entry.Part?.Part is PartKind.Text)
                {
                    Fold(entry.Text, content, json);
                }
                else
                {
                    json.WriteStringValue(entry.Text);
                }
            }

            json.WriteEndArray();
        }

        return (content.ToString(), Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    /// <summary>NUL, which PostgreSQL can not store in text, is stored in <c>parts</c>.</summary>
    private static void Fold(ReadOnlySpan<byte> text, StringBuilder content, Utf8JsonWriter json)
    {
        while (text.Length > 0)
        {
            var length = text.IndexOf((byte)0) is var nul and >= 0 ? nul : text.Length;
            if (length > 0)
            {
                content.Append(Encoding.UTF8.GetString(text[..length]));
                json.WriteNumberValue(length);
            }

            text = text[length..];
            if (text.Length > 0)
            {
                json.WriteStringValue("\0"u8);
                text = text[1..];
            }
        }
    }

    /// <summary>The log again. A message that no model wrote is one text part.</summary>
    public static LogSnapshot Unfold(string content, string? parts)
    {
        var text = Encoding.UTF8.GetBytes(content);
        if (parts is null)
        {
            return Whole(text);
        }

        var bytes = new ArrayBufferWriter<byte>(Math.Max(16, text.Length + 64));
        List<PositionedEntry> controls = [];
        var taken = 0;
        using var document = JsonDocument.Parse(parts);
        foreach (var item in document.RootElement.EnumerateArray())
        {
            switch (item.ValueKind)
            {
                case JsonValueKind.Number:
                    bytes.Write(text.AsSpan(taken, item.GetInt32()));
                    taken += item.GetInt32();
                    break;
                case JsonValueKind.String:
                    bytes.Write(Encoding.UTF8.GetBytes(item.GetString()!));
                    break;
                default:
                    controls.Add(new PositionedEntry(bytes.WrittenCount, item.Deserialize(LogEntryJson.Default.LogEntry)!));
                    bytes.Write([LogSlice.Mark]);
                    break;
            }
        }

        return new LogSnapshot(bytes.WrittenMemory, controls);
    }

    private static LogSnapshot Whole(byte[] text)
    {
        byte[] bytes = [LogSlice.Mark, .. text, LogSlice.Mark];
        return new LogSnapshot(bytes, [new(0, new PartOpened(PartKind.Text)), new(bytes.Length - 1, PartClosed.Instance)]);
    }
}
