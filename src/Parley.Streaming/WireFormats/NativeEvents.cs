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
            if (!EntryJson.Has(entry))
            {
                continue;
            }

            output.Write("data: "u8);
            EntryJson.Write(entry, null, output);
            EventStream.WriteId(entry.End, output);
        }
    }
}
