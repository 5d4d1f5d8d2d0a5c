using Parley.Streaming.Generations;

namespace Parley.Server.Data;

/// <summary>All that is committed of a generation, running or ended.</summary>
public static class GenerationSnapshots
{
    private const int SliceBytes = 1024 * 1024;

    public static async Task<LogSnapshot> SnapshotAsync(this IGenerationStore store, GenerationId id, CancellationToken cancellationToken)
    {
        List<byte> bytes = [];
        List<PositionedEntry> controls = [];
        while (await store.ReadAsync(id, bytes.Count, SliceBytes, cancellationToken) is { Bytes.Length: > 0 } slice)
        {
            bytes.AddRange(slice.Bytes.Span);
            controls.AddRange(slice.Controls.Span);
            if (slice.Ended is not null)
            {
                break;
            }
        }

        return new LogSnapshot(bytes.ToArray(), controls);
    }
}
