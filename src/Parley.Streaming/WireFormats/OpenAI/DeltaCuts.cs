using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>
/// Cuts the text of one part into deltas: after its first character, so that the first token is never delayed, and then at the first
/// boundary at or after every 8th byte. The cuts depend on the text alone. The log does not store deltas, so this is why every reading of
/// it, in slices of any size, numbers them in the same way.
/// </summary>
internal struct DeltaCuts
{
    private const int Step = 8;
    private long _cut;

    /// <summary>The length of the next delta, or 0 when more text is needed first.</summary>
    /// <param name="rest">The text of the part after the last delta. It must not end inside a character.</param>
    public int Next(ReadOnlySpan<byte> rest)
    {
        var length = _cut == 0 ? 1 : (int)(Step - (_cut % Step));
        if (rest.Length < length)
        {
            return 0;
        }

        while (length < rest.Length && !LogSlice.IsBoundary(rest[length]))
        {
            length++;
        }

        _cut += length;
        return length;
    }
}
