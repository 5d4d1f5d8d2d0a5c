using System.Buffers;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>
/// The four events <c>typing</c>, <c>token</c>, <c>done</c> and <c>error</c>: text alone, for clients that know no other events.
/// </summary>
/// <remarks>
/// What clients of this format cannot show (reasoning, tools, seams) has no event; the <c>id</c> of the next event is beyond
/// it.
/// </remarks>
public sealed class TokenEvents : WireFormat
{
    public override string ContentType => ServerSentEvents.ContentType;

    public override IReadOnlyList<(string Name, string Value)> Headers => ServerSentEvents.Headers;

    public override bool HasCursor => true;

    public override void WriteHeartbeat(IBufferWriter<byte> output) => output.Write(ServerSentEvents.Heartbeat);

    public override void WriteStart(IBufferWriter<byte> output) => output.Write("data: {\"type\":\"typing\"}\nid: 0\nretry: 1000\n\n"u8);

    public override void Write(in LogSlice slice, IBufferWriter<byte> output)
    {
        foreach (var entry in slice)
        {
            if (entry.Part?.Part == PartKind.Text)
            {
                output.Write("data: {\"type\":\"token\",\"content\":\""u8);
                output.WriteEscaped(entry.Text);
                output.Write("\"}"u8);
                ServerSentEvents.WriteId(entry.End, output);
            }
            else if (entry.Control is GenerationEnded ended)
            {
                WriteEnd(ended, output);
                ServerSentEvents.WriteId(entry.End, output);
            }
        }
    }

    private static void WriteEnd(GenerationEnded ended, IBufferWriter<byte> output)
    {
        if (ended.Error is not { } error)
        {
            output.Write("data: {\"type\":\"done\"}"u8);
            return;
        }

        output.Write("data: {\"type\":\"error\",\"message\":"u8);
        output.WriteQuoted(error.Message);
        output.Write("}"u8);
    }
}
