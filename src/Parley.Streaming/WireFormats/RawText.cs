using System.Buffers;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats;

/// <summary>
/// The text of the answer and nothing else: no frames and no heartbeat. The only way to report a failure is to abort the connection.
/// </summary>
public sealed class RawText : WireFormat
{
    public override string ContentType => "text/plain; charset=utf-8";

    public override IReadOnlyList<(string Name, string Value)> Headers => ServerSentEvents.Headers;

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
