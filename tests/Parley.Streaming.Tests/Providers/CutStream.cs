namespace Parley.Streaming.Tests.Providers;

/// <summary>Gives its bytes in pieces of the given sizes, over and over.</summary>
internal sealed class CutStream(byte[] bytes, int[] cuts) : MemoryStream(bytes)
{
    private int _next;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_next % 3 == 1)
        {
            await Task.Yield();
        }

        var cut = cuts[_next++ % cuts.Length];
        return base.Read(buffer.Span[..Math.Min(cut, buffer.Length)]);
    }
}
