using System.Buffers;

namespace Parley.Streaming.WireFormats;

/// <summary>What formats over Server-Sent Events share.</summary>
internal static class EventStream
{
    public const string ContentType = "text/event-stream; charset=utf-8";

    /// <summary>A comment: clients pass over it, proxies see traffic. A comment must be a block of its own: parsers that split at blank lines would lose what follows in the same one.</summary>
    public static ReadOnlySpan<byte> Heartbeat => ": hb\n\n"u8;

    /// <summary>What makes proxies pass a stream on as it comes.</summary>
    public static IReadOnlyList<(string Name, string Value)> Headers { get; } =
    [("Cache-Control", "no-cache, no-transform"), ("X-Accel-Buffering", "no")];

    /// <summary>Ends an event whose data was written, with the position after it. The id comes last, so that a client whose connection is cut inside the event has not taken it over.</summary>
    public static void WriteId(long position, IBufferWriter<byte> output)
    {
        output.Write("\nid: "u8);
        output.WriteNumber(position);
        output.Write("\n\n"u8);
    }
}
