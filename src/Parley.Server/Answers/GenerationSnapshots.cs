using Parley.Streaming.Generations;

namespace Parley.Server.Answers;

/// <summary>All that is committed of a generation, running or ended.</summary>
public sealed class GenerationSnapshots(IGenerationStore store)
{
    private const int SliceBytes = 1024 * 1024;

    public async Task<FoldedLog> OfAsync(GenerationId id, CancellationToken cancellationToken)
    {
        List<byte> bytes = [];
        List<PositionedControl> controls = [];
        while (await store.ReadAsync(id, bytes.Count, SliceBytes, cancellationToken) is { Bytes.Length: > 0 } slice)
        {
            bytes.AddRange(slice.Bytes.Span);
            controls.AddRange(slice.Controls.Span);
            if (slice.Ended is not null) break;
        }

        return new FoldedLog(bytes.ToArray(), controls);
    }
}
