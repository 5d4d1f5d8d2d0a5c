using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>
/// Where the text of one part is cut into deltas: after its first character, so that the first token is never delayed, and then at the first boundary at or after every 8th byte. The cuts depend on the text
/// alone. The log keeps no deltas, so this is what makes every reading of it, in whatever slices, number them alike.
/// </summary>
internal struct DeltaCuts
{
    private const int Step = 8;
    private long _cut;

    /// <summary>The length of the next delta, or 0 when what has come must wait for more.</summary>
    /// <param name="rest">What has come of the part and is not cut off yet. It never ends inside a character.</param>
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
