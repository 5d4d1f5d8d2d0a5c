using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>
/// Parley's own format: Server-Sent Events whose <c>id</c> is the position after the event, so that a reader continues exactly where it
/// was.
/// </summary>
/// <remarks>
/// <c>data</c> comes before <c>id</c>: a client that stores an id as soon as it reads it must have received the data. Events are unnamed,
/// since <c>onmessage</c> receives no others.
/// </remarks>
/// <param name="info">The generation.</param>
public sealed class NativeEvents(GenerationInfo info) : WireFormat
{
    public override string ContentType => ServerSentEvents.ContentType;

    public override IReadOnlyList<(string Name, string Value)> Headers => ServerSentEvents.Headers;

    public override bool HasCursor => true;

    public override void WriteHeartbeat(IBufferWriter<byte> output) => output.Write(ServerSentEvents.Heartbeat);

    /// <summary>Writes what a reader without a cursor gets first. Its cursor is then the beginning of the log.</summary>
    public override void WriteStart(IBufferWriter<byte> output)
    {
        output.Write("data: "u8);
        using (var json = new Utf8JsonWriter(output, JsonText.Options))
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

    public override void Write(in LogSlice slice, IBufferWriter<byte> output)
    {
        foreach (var entry in slice)
        {
            if (!NativeEntryJson.Has(entry))
            {
                continue;
            }

            output.Write("data: "u8);
            NativeEntryJson.Write(entry, null, output);
            ServerSentEvents.WriteId(entry.End, output);
        }
    }
}
