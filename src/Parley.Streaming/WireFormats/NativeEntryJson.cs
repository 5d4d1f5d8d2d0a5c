using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>The JSON object of one log entry: the same in native events and in Durable Streams, so that one parser reads both.</summary>
internal static class NativeEntryJson
{
    /// <summary>
    /// Whether the entry has an object. An entry that only opens or closes a part has none, since the text shows it. Parts of kinds that
    /// native clients do not show have none either.
    /// </summary>
    public static bool Has(in LogSlice.Entry entry) =>
        entry.Control switch
        {
            null => entry.Part?.Part is PartKind.Text or PartKind.Reasoning or PartKind.Tool,
            PartClosed or PartOpened { Part: not PartKind.Tool } => false,
            _ => true,
        };

    /// <summary>Writes the object of an entry that has one.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="position">The position after it, for a format that does not say it outside of the object; otherwise null.</param>
    /// <param name="output">The output.</param>
    public static void Write(in LogSlice.Entry entry, long? position, IBufferWriter<byte> output)
    {
        if (entry.Control is { } control)
        {
            WriteControl(control, position, output);
        }
        else
        {
            WriteText(entry.Part!, entry.Text, position, output);
        }
    }

    private static void WriteText(PartOpened part, ReadOnlySpan<byte> text, long? position, IBufferWriter<byte> output)
    {
        switch (part.Part)
        {
            case PartKind.Text:
                output.Write("{\"type\":\"token\",\"content\":\""u8);
                break;
            case PartKind.Reasoning:
                output.Write("{\"type\":\"reasoning\",\"content\":\""u8);
                break;
            default:
                output.Write("{\"type\":\"tool-arguments\",\"callId\":\""u8);
                output.WriteEscaped(part.CallId ?? "");
                output.Write("\",\"content\":\""u8);
                break;
        }

        output.WriteEscaped(text);
        output.Write("\""u8);
        if (position is { } end)
        {
            output.Write(",\"position\":"u8);
            output.WriteNumber(end);
        }

        output.Write("}"u8);
    }

    private static void WriteControl(LogEntry control, long? position, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, JsonText.Options);
        json.WriteStartObject();
        switch (control)
        {
            case PartOpened call:
                json.WriteString("type"u8, "tool"u8);
                json.WriteString("callId"u8, call.CallId);
                json.WriteString("name"u8, call.Name);
                break;
            case ToolReturned { Result: { } result } returned:
                json.WriteString("type"u8, "tool-result"u8);
                json.WriteString("callId"u8, returned.CallId);
                json.WritePropertyName("result"u8);
                json.WriteRawValue(JsonText.OnOneLine(result));
                break;
            case ToolReturned returned:
                json.WriteString("type"u8, "tool-result"u8);
                json.WriteString("callId"u8, returned.CallId);
                json.WriteString("error"u8, returned.Error);
                break;
            case Seam seam:
                json.WriteString("type"u8, "seam"u8);
                json.WriteString("reason"u8, seam.Reason);
                json.WriteString("model"u8, seam.Model);
                break;
            case GenerationEnded { Error: { } error } ended:
                json.WriteString("type"u8, "error"u8);
                json.WriteString("code"u8, error.Code);
                json.WriteString("message"u8, error.Message);
                json.WriteBoolean("retryable"u8, error.Retryable);
                json.WriteString("status"u8, ended.Status.Name());
                break;
            case GenerationEnded ended:
                json.WriteString("type"u8, "done"u8);
                json.WriteString("finishReason"u8, ended.FinishReason);
                if (ended.StoppedAt is { } stoppedAt)
                {
                    json.WriteNumber("stoppedAt"u8, stoppedAt);
                }

                if (ended.Usage is { } usage)
                {
                    json.WriteUsage(usage);
                }

                break;
        }

        if (position is { } end)
        {
            json.WriteNumber("position"u8, end);
        }

        json.WriteEndObject();
    }
}
