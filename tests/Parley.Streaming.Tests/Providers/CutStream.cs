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

/// <summary>Answers every request with a stream.</summary>
internal sealed class StreamHandler(Func<Stream> body) : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.FromResult(new HttpResponseMessage(System.Net.HttpStatusCode.OK) { Content = new StreamContent(body()) });
}
