using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>
/// The bodies of Durable Streams 1.0: a log as a stream of JSON messages, and its answer as a stream of plain text. In both the offset is
/// the log's position, so that a reader may change from one to the other.
/// </summary>
/// <remarks>
/// Messages are the objects of the native events, each with the position after it. An entry without an object still has a position: the
/// next offset is the end of the slice, not the end of the last message. This is not a <see cref="WireFormat"/>: whether a live reader is
/// up to date, and the cursor for caches, depend on more than the log.
/// </remarks>
public static class DurableEntries
{
    /// <summary>The <c>Content-Type</c> of the JSON stream.</summary>
    public const string JsonContentType = "application/json";

    /// <summary>The <c>Content-Type</c> of the text stream.</summary>
    public const string TextContentType = "text/plain; charset=utf-8";

    /// <summary>Writes the slice's messages, separated by commas.</summary>
    /// <returns>The number of messages.</returns>
    public static int Write(in LogSlice slice, IBufferWriter<byte> output)
    {
        var count = 0;
        foreach (var entry in slice)
        {
            if (!NativeEntryJson.Has(entry))
            {
                continue;
            }

            if (count++ > 0)
            {
                output.Write(","u8);
            }

            NativeEntryJson.Write(entry, entry.End, output);
        }

        return count;
    }

    /// <summary>
    /// Writes the slice's messages as an array, <c>[]</c> when there are none: the body of catch-up and long-poll of the JSON stream.
    /// </summary>
    public static void WriteArray(in LogSlice slice, IBufferWriter<byte> output)
    {
        output.Write("["u8);
        Write(slice, output);
        output.Write("]"u8);
    }

    /// <summary>
    /// Writes the slice's text of the answer, without reasoning and tools: the body of catch-up and long-poll of the text stream.
    /// </summary>
    public static void WriteText(in LogSlice slice, IBufferWriter<byte> output)
    {
        foreach (var entry in slice)
        {
            if (entry.Part?.Part == PartKind.Text)
            {
                output.Write(entry.Text);
            }
        }
    }

    /// <summary>Writes an event with the slice's messages. A <see cref="WriteControlEvent"/> must follow it.</summary>
    public static void WriteDataEvent(in LogSlice slice, IBufferWriter<byte> output)
    {
        output.Write("event: data\ndata: "u8);
        WriteArray(slice, output);
        output.Write("\n\n"u8);
    }

    /// <summary>
    /// Writes an event with the slice's text of the answer. A <see cref="WriteControlEvent"/> must follow it. A line of an event ends at
    /// any line end, so an event cannot carry carriage returns: they are left out, wherever the log is cut.
    /// </summary>
    public static void WriteTextEvent(in LogSlice slice, IBufferWriter<byte> output)
    {
        output.Write("event: data\ndata: "u8);
        foreach (var entry in slice)
        {
            if (entry.Part?.Part == PartKind.Text)
            {
                WriteLines(entry.Text, output);
            }
        }

        output.Write("\n\n"u8);
    }

    /// <summary>Writes the event that says where the reader is.</summary>
    /// <param name="next">The position from which to continue.</param>
    /// <param name="cursor">See <see cref="DurableOffsets.Cursor"/>. Left out when the stream is closed.</param>
    /// <param name="upToDate">There is nothing beyond <paramref name="next"/> now.</param>
    /// <param name="closed">The log has ended and the reader is at its end: it must not reconnect.</param>
    /// <param name="output">The output.</param>
    public static void WriteControlEvent(long next, long cursor, bool upToDate, bool closed, IBufferWriter<byte> output)
    {
        output.Write("event: control\ndata: "u8);
        using (var json = new Utf8JsonWriter(output, JsonText.Options))
        {
            json.WriteStartObject();
            json.WriteString("streamNextOffset"u8, DurableOffsets.Format(next));
            if (!closed)
            {
                json.WriteString("streamCursor"u8, DurableOffsets.FormatCursor(cursor));
            }

            if (upToDate || closed)
            {
                json.WriteBoolean("upToDate"u8, true);
            }

            if (closed)
            {
                json.WriteBoolean("streamClosed"u8, true);
            }

            json.WriteEndObject();
        }

        output.Write("\n\n"u8);
    }

    private static void WriteLines(ReadOnlySpan<byte> text, IBufferWriter<byte> output)
    {
        while (text.IndexOfAny((byte)'\r', (byte)'\n') is >= 0 and var end)
        {
            output.Write(text[..end]);
            if (text[end] == (byte)'\n')
            {
                output.Write("\ndata: "u8);
            }

            text = text[(end + 1)..];
        }

        output.Write(text);
    }
}
