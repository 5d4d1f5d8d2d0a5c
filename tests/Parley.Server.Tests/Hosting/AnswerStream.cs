using System.Text;

namespace Parley.Server.Tests.Hosting;

/// <summary>A response in a wire format, while it is being read.</summary>
internal sealed class AnswerStream(HttpResponseMessage response, Stream body, string format) : IAsyncDisposable
{
    private readonly CancellationTokenSource _timeout = new(TestUser.Timeout);
    private readonly MemoryStream _bytes = new();

    public HttpResponseMessage Response => response;

    public string GenerationId => response.Headers.GetValues("X-Generation-Id").Single();

    public string ConversationId => response.Headers.GetValues("X-Conversation-Id").Single();

    public string Raw => Encoding.UTF8.GetString(_bytes.ToArray());

    /// <summary>What was received so far.</summary>
    public Task<DecodedAnswer> NowAsync() => DecodedAnswer.OfAsync(format, _bytes.ToArray());

    /// <summary>Reads until a condition holds.</summary>
    public async Task<DecodedAnswer> UntilAsync(Func<DecodedAnswer, bool> isEnough)
    {
        while (true)
        {
            var now = await NowAsync();
            if (isEnough(now))
            {
                return now;
            }

            if (!await MoreAsync())
            {
                throw new InvalidOperationException($"The stream ended before: {Raw[..Math.Min(Raw.Length, 2000)]}");
            }
        }
    }

    /// <summary>Reads until there is text.</summary>
    public Task<DecodedAnswer> UntilTextAsync() => UntilAsync(read => read.Text.Length > 0);

    /// <summary>Reads to the end. A cut connection throws.</summary>
    public async Task<DecodedAnswer> ToEndAsync()
    {
        while (await MoreAsync()) { }

        return await NowAsync();
    }

    /// <summary>Reads to the end. True when the connection was cut, false when the body ended regularly.</summary>
    public async Task<bool> IsCutAsync()
    {
        try
        {
            await ToEndAsync();
            return false;
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            return true;
        }
    }

    private async Task<bool> MoreAsync()
    {
        var buffer = new byte[64 * 1024];
        var read = await body.ReadAsync(buffer, _timeout.Token);
        _bytes.Write(buffer, 0, read);
        return read > 0;
    }

    public ValueTask DisposeAsync()
    {
        response.Dispose();
        _timeout.Dispose();
        return ValueTask.CompletedTask;
    }
}
