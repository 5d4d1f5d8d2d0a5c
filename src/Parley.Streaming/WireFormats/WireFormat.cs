using System.Buffers;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>
/// Turns the log of one generation into the bytes of one format, for one reader. A reader makes its own; it may keep what its format needs of what it has written
/// (an open part, the text so far), and nothing else: the bytes are a function of the log and of where it was cut, never of a clock or a counter of its own.
/// </summary>
/// <remarks>
/// A format whose clients have no cursor is always written from position 0. One that can begin anywhere says so at its constructor. Wherever the log is cut, the joined
/// bytes mean the same to a client: that is a property test over all formats.
/// </remarks>
public abstract class WireFormat
{
    /// <summary>The <c>Content-Type</c> of the response.</summary>
    public abstract string ContentType { get; }

    /// <summary>Other headers that clients or proxies of this format look for.</summary>
    public virtual IReadOnlyList<(string Name, string Value)> Headers => [];

    /// <summary>
    /// To clients of this format a body that ends is a success, whatever it held: after a failed generation the connection is cut instead, so that no client takes what came for a whole answer.
    /// </summary>
    public virtual bool CutsAfterFailure => false;

    /// <summary>
    /// How long what was taken and not yet written may wait for more, counted from the last bytes that were written; null when nothing waits. Only formats that pace themselves hold anything back.
    /// </summary>
    public virtual TimeSpan? HeldFor => null;

    /// <summary>What a reader from the beginning gets before the first entry.</summary>
    public virtual void WriteStart(IBufferWriter<byte> output) { }

    /// <summary>Writes the slice's entries. Slices follow each other without a gap.</summary>
    public abstract void Write(in LogSlice slice, IBufferWriter<byte> output);

    /// <summary>Writes what is held back; see <see cref="HeldFor"/>.</summary>
    public virtual void WriteHeld(IBufferWriter<byte> output) { }

    /// <summary>Something without meaning that keeps proxies and watchdogs content; nothing where the format has no such thing.</summary>
    public virtual void WriteHeartbeat(IBufferWriter<byte> output) { }
}
