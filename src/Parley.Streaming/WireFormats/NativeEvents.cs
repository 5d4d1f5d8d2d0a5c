using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>
/// Parley's own format: Server-Sent Events whose <c>id</c> is the position after the event, so that a reader goes on exactly where it was.
/// </summary>
/// <remarks>
/// <c>data</c> comes before <c>id</c>: a client that applies an id as it reads it must not have taken over a position whose data was cut off.
/// Events are unnamed, since <c>onmessage</c> sees no others. Pure: the bytes depend on the log and the cut alone.
/// </remarks>
/// <param name="info">The generation.</param>
public sealed class NativeEvents(GenerationInfo info) : WireFormat
{
    public override string ContentType => EventStream.ContentType;

    public override IReadOnlyList<(string Name, string Value)> Headers => EventStream.Headers;

    public override void WriteHeartbeat(IBufferWriter<byte> output) => output.Write(EventStream.Heartbeat);

    /// <summary>What a reader without a cursor gets first. It has no cursor of its own yet: the log's beginning.</summary>
    public override void WriteStart(IBufferWriter<byte> output)
    {
        output.Write("data: "u8);
        using (var json = new Utf8JsonWriter(output, JsonText.Writer))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "start"u8);
            json.WriteString("conversationId"u8, info.ConversationId);
            json.WriteString("generationId"u8, info.GenerationId);
            json.WriteString("messageId"u8, info.MessageId);
            json.WriteString("model"u8, info.Model);
            json.WriteEndObject();
        }

        output.Write("\nid: 0\nretry: 1000\n\ndata: {\"type\":\"typing\"}\nid: 0\n\n"u8);
    }

    /// <summary>Writes the slice's entries.</summary>
    public override void Write(in LogSlice slice, IBufferWriter<byte> output)
    {
        foreach (var entry in slice)
        {
            if (entry.Control is { } control) WriteControl(control, entry.End, output);
            else if (entry.Part is { } part) WriteText(part, entry.Text, entry.End, output);
        }
    }

    private static void WriteText(PartOpened part, ReadOnlySpan<byte> text, long end, IBufferWriter<byte> output)
    {
        switch (part.Part)
        {
            case PartKind.Text:
                output.Write("data: {\"type\":\"token\",\"content\":\""u8);
                break;
            case PartKind.Reasoning:
                output.Write("data: {\"type\":\"reasoning\",\"content\":\""u8);
                break;
            case PartKind.Tool:
                output.Write("data: {\"type\":\"tool-arguments\",\"callId\":\""u8);
                output.WriteEscaped(System.Text.Encoding.UTF8.GetBytes(part.CallId ?? ""));
                output.Write("\",\"content\":\""u8);
                break;
            default:
                return;
        }

        output.WriteEscaped(text);
        output.Write("\"}"u8);
        EventStream.WriteId(end, output);
    }

    private static void WriteControl(LogControl control, long end, IBufferWriter<byte> output)
    {
        if (control is PartClosed or PartOpened { Part: not PartKind.Tool }) return;
        output.Write("data: "u8);
        using (var json = new Utf8JsonWriter(output, JsonText.Writer))
        {
            json.WriteStartObject();
            switch (control)
            {
                case PartOpened call:
                    json.WriteString("type"u8, "tool"u8);
                    json.WriteString("callId"u8, call.CallId);
                    json.WriteString("name"u8, call.Name);
                    break;
                case ToolReturned result:
                    json.WriteString("type"u8, "tool-result"u8);
                    json.WriteString("callId"u8, result.CallId);
                    if (result.Result is not null) json.WritePropertyName("result"u8);
                    if (result.Result is not null) json.WriteRawValue(JsonText.OnOneLine(result.Result));
                    else json.WriteString("error"u8, result.Error);
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
                    json.WriteString("status"u8, ended.Status == GenerationStatus.Interrupted ? "interrupted"u8 : "failed"u8);
                    break;
                case GenerationEnded ended:
                    WriteDone(ended, json);
                    break;
            }

            json.WriteEndObject();
        }

        EventStream.WriteId(end, output);
    }

    private static void WriteDone(GenerationEnded ended, Utf8JsonWriter json)
    {
        json.WriteString("type"u8, "done"u8);
        json.WriteString("finishReason"u8, ended.FinishReason);
        if (ended.StoppedAt is { } stoppedAt) json.WriteNumber("stoppedAt"u8, stoppedAt);
        if (ended.Usage is { } usage) json.WriteUsage(usage);
    }
}
