using System.Buffers;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>
/// Turns the log of one generation into the bytes of one format, for one reader. Every reader has an instance of its own. An instance may
/// remember what its format needs of what it has written (an open part, the text so far), and nothing else: the bytes depend on the log and
/// on where it was cut, never on a clock or a counter.
/// </summary>
/// <remarks>
/// Wherever the log is cut, the joined bytes mean the same to a client: a property test over all formats checks this.
/// <see cref="WireFormatCatalog"/> lists the formats.
/// </remarks>
public abstract class WireFormat
{
    /// <summary>The <c>Content-Type</c> of the response.</summary>
    public abstract string ContentType { get; }

    /// <summary>Further headers that clients or proxies of this format look for.</summary>
    public virtual IReadOnlyList<(string Name, string Value)> Headers => [];

    /// <summary>
    /// Whether a new instance may begin at any position of the log, so that a client that reconnects continues from its cursor. A format
    /// without a cursor is always written from position 0.
    /// </summary>
    public virtual bool HasCursor => false;

    /// <summary>
    /// Whether clients of this format take every body that ends for a success. After a failed generation the connection is then aborted, so
    /// that no client takes a part for the whole answer.
    /// </summary>
    public virtual bool CutsAfterFailure => false;

    /// <summary>
    /// How long text that was taken and not yet written may wait for more, measured from the last bytes that were sent; null when none
    /// waits. Only formats that limit their rate hold text back.
    /// </summary>
    public virtual TimeSpan? HeldFor => null;

    /// <summary>Writes what a reader from position 0 gets before the first entry.</summary>
    public virtual void WriteStart(IBufferWriter<byte> output) { }

    /// <summary>Writes the entries of a slice. Slices must follow each other without a gap.</summary>
    public abstract void Write(in LogSlice slice, IBufferWriter<byte> output);

    /// <summary>Writes the text that is held back; see <see cref="HeldFor"/>.</summary>
    public virtual void WriteHeld(IBufferWriter<byte> output) { }

    /// <summary>
    /// Writes bytes without meaning that keep proxies and timeouts from closing the connection; nothing where the format has none.
    /// </summary>
    public virtual void WriteHeartbeat(IBufferWriter<byte> output) { }
}
