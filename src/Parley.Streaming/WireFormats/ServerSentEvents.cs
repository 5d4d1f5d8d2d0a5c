using System.Buffers;

namespace Parley.Streaming.WireFormats;

/// <summary>What formats over Server-Sent Events share.</summary>
public static class ServerSentEvents
{
    /// <summary>The <c>Content-Type</c> of an event stream.</summary>
    public const string ContentType = "text/event-stream; charset=utf-8";

    /// <summary>
    /// A comment, which clients ignore and proxies count as traffic. It is a block of its own: a parser that splits at blank lines would
    /// lose what follows a comment in the same block.
    /// </summary>
    public static ReadOnlySpan<byte> Heartbeat => ": hb\n\n"u8;

    /// <summary>Headers that keep proxies from buffering the stream.</summary>
    public static IReadOnlyList<(string Name, string Value)> Headers { get; } =
    [("Cache-Control", "no-cache, no-transform"), ("X-Accel-Buffering", "no")];

    /// <summary>
    /// Ends an event whose data was written, with the position after it. The id comes last: a client whose connection breaks inside the
    /// event has not stored it yet.
    /// </summary>
    internal static void WriteId(long position, IBufferWriter<byte> output)
    {
        output.Write("\nid: "u8);
        output.WriteNumber(position);
        output.Write("\n\n"u8);
    }
}
