using System.Text;
using System.Text.Json;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>One event as an <c>EventSource</c> dispatches it.</summary>
internal sealed record StreamEvent(string Type, string Data, string LastEventId)
{
    public JsonElement Json => JsonDocument.Parse(Data).RootElement;

    public string Kind => Json.GetProperty("type").GetString()!;
}

/// <summary>Reads an event stream as the HTML standard says (section 9.2.6).</summary>
internal static class EventStreamReader
{
    public static List<StreamEvent> Read(ReadOnlySpan<byte> bytes)
    {
        List<StreamEvent> events = [];
        var (data, type, id) = (new StringBuilder(), "", "");
        foreach (var line in Lines(bytes))
        {
            if (line.Length == 0)
            {
                if (data.Length > 0)
                {
                    events.Add(new StreamEvent(type.Length > 0 ? type : "message", data.ToString(0, data.Length - 1), id));
                }

                data.Clear();
                type = "";
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon == 0)
            {
                continue;
            }

            var field = colon < 0 ? line : line[..colon];
            var value = colon < 0 ? "" : line[(colon + 1)..];
            if (value.StartsWith(' '))
            {
                value = value[1..];
            }

            switch (field)
            {
                case "data":
                    data.Append(value).Append('\n');
                    break;
                case "event":
                    type = value;
                    break;
                case "id" when !value.Contains('\0', StringComparison.Ordinal):
                    id = value;
                    break;
            }
        }

        return events;
    }

    /// <summary>The complete lines, without what follows the last line end.</summary>
    public static List<string> Lines(ReadOnlySpan<byte> bytes)
    {
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\ufeff');
        List<string> lines = [];
        for (var start = 0; start < text.Length; )
        {
            var end = text.AsSpan(start).IndexOfAny('\r', '\n');
            if (end < 0)
            {
                break;
            }

            lines.Add(text.Substring(start, end));
            start += end + (text[start + end] == '\r' && start + end + 1 < text.Length && text[start + end + 1] == '\n' ? 2 : 1);
        }

        return lines;
    }
}
