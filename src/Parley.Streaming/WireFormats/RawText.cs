using System.Buffers;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>
/// The text of the answer, and nothing else: no frames, no heartbeat, and no way to say that it failed but to cut the connection.
/// </summary>
public sealed class RawText : WireFormat
{
    public override string ContentType => "text/plain; charset=utf-8";

    public override IReadOnlyList<(string Name, string Value)> Headers => EventStream.Headers;

    public override bool CutsAfterFailure => true;

    public override void Write(in LogSlice slice, IBufferWriter<byte> output)
    {
        foreach (var entry in slice)
        {
            if (entry.Part?.Part == PartKind.Text)
            {
                output.Write(entry.Text);
            }
        }
    }
}
