using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.OpenAI;
using Parley.Streaming.Providers.Transport;
using Parley.Testing;

namespace Parley.Streaming.Tests.Providers.Transport;

public sealed class TimeoutTests
{
    private const string Hello = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
    private const string Stop = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("")]
    [InlineData(RawUpstream.EventStream)]
    [InlineData(RawUpstream.EventStream + ": ping\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n")]
    public async Task Client_NoToken_FailsAtTheFirstTokenLimit(string sent)
    {
        await using var upstream = new RawUpstream(async connection =>
        {
            await connection.SendAsync(sent);
            await connection.ForeverAsync();
        });
        await using var asked = new Asked(upstream, _time);

        var next = asked.NextAsync();
        _time.Advance(29 * Second);
        Assert.False(next.IsCompleted);
        _time.Advance(1 * Second);

        var error = await Assert.ThrowsAsync<ProviderException>(() => next);
        Assert.Equal(ProviderFailure.FirstTokenTimedOut, error.Failure);
    }

    [Fact]
    public async Task Client_StallInTheMiddle_FailsAtTheIdleLimit()
    {
        await using var upstream = new RawUpstream(async connection =>
        {
            await connection.SendAsync(RawUpstream.EventStream + Hello);
            await connection.ForeverAsync();
        });
        await using var asked = new Asked(upstream, _time);

        Assert.True(await asked.NextAsync());
        var next = asked.NextAsync();
        _time.Advance(29 * Second);
        Assert.False(next.IsCompleted);
        _time.Advance(1 * Second);

        var error = await Assert.ThrowsAsync<ProviderException>(() => next);
        Assert.Equal(ProviderFailure.Stalled, error.Failure);
    }

    [Fact]
    public async Task Client_FinishedButNeverEnds_EndsWithoutAFailure()
    {
        await using var upstream = new RawUpstream(async connection =>
        {
            await connection.SendAsync(RawUpstream.EventStream + Hello + Stop);
            await connection.ForeverAsync();
        });
        await using var asked = new Asked(upstream, _time);

        Assert.True(await asked.NextAsync());
        Assert.True(await asked.NextAsync());
        Assert.Equal(ChatFinishReason.Stop, asked.Current.FinishReason);
        var next = asked.NextAsync();
        Assert.False(next.IsCompleted);
        _time.Advance(2 * Second);

        Assert.False(await next);
    }

    [Fact]
    public async Task Client_CallerCancels_IsCancelledAndNotAFailure()
    {
        using var cancel = new CancellationTokenSource();
        await using var upstream = new RawUpstream(async connection =>
        {
            await connection.SendAsync(RawUpstream.EventStream + Hello);
            await connection.ForeverAsync();
        });
        await using var asked = new Asked(upstream, _time, cancel.Token);

        Assert.True(await asked.NextAsync());
        var next = asked.NextAsync();
        await cancel.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        Assert.Equal(cancel.Token, error.CancellationToken);
    }

    [Fact]
    public async Task Client_Ended_LeavesNoTimer()
    {
        await using var upstream = new RawUpstream(RawUpstream.EventStream + Hello + Stop);

        await Answer.OfAsync(upstream, _time);

        Assert.Equal(0, _time.ArmedTimers);
    }

    [Fact]
    public async Task Client_TlsHandshakeUnanswered_FailsAtTheConnectLimit()
    {
        // Connected, but the TLS handshake is never answered. This limit is the handler's own, so it is real time.
        await using var upstream = new RawUpstream(connection => connection.ForeverAsync());
        var endpoint = Answer.Endpoint(
            new Uri($"https://127.0.0.1:{upstream.Port}/v1"),
            timeouts: new ProviderTimeouts { Connect = TimeSpan.FromMilliseconds(100) }
        );
        using var http = endpoint.CreateHttpClient();
        using var client = new OpenAIChatClient(http, endpoint, "m");

        Assert.Equal(ProviderFailure.ConnectTimedOut, (await Answer.OfAsync(client, "hi")).Error?.Failure);
    }

    [Fact]
    public void Watch_OnlyPings_HideADeadModelForFourTimesTheLimit()
    {
        using var watch = Streaming();
        for (var i = 0; i < 5; i++)
        {
            watch.BeginWait();
            _time.Advance(20 * Second);
            Assert.Null(watch.Expired);
            watch.BytesArrived();
        }

        watch.BeginWait();
        _time.Advance(20 * Second);

        Assert.Equal(ProviderFailure.Stalled, watch.Expired);
        Assert.True(watch.Token.IsCancellationRequested);
    }

    [Fact]
    public void Watch_SlowConsumer_DoesNotCount()
    {
        using var watch = Streaming();
        // Not a multiple of the limit, so that the timer fires while the provider is being waited for.
        _time.Advance(((10 * 60) + 15) * Second);
        watch.BeginWait();
        _time.Advance(29 * Second);
        Assert.Null(watch.Expired);
        _time.Advance(1 * Second);

        Assert.Equal(ProviderFailure.Stalled, watch.Expired);
    }

    [Fact]
    public void Watch_NeverEnds_FailsAtTheTotalLimit()
    {
        using var watch = Streaming();
        for (var i = 0; i < 179; i++)
        {
            watch.BeginWait();
            _time.Advance(10 * Second);
            watch.BytesArrived();
            watch.ContentArrived();
            Assert.Null(watch.Expired);
        }

        watch.BeginWait();
        _time.Advance(10 * Second);

        Assert.Equal(ProviderFailure.DeadlineExceeded, watch.Expired);
    }

    [Fact]
    public void Watch_AllLimitsOff_NeverFires()
    {
        var off = Timeout.InfiniteTimeSpan;
        using var watch = new StreamWatch(
            _time,
            new ProviderTimeouts
            {
                FirstToken = off,
                Idle = off,
                Total = off,
            },
            CancellationToken.None
        );
        watch.BeginWait();
        _time.Advance(TimeSpan.FromDays(3));

        Assert.Null(watch.Expired);
    }

    private StreamWatch Streaming()
    {
        var watch = new StreamWatch(_time, new ProviderTimeouts(), CancellationToken.None);
        watch.BeginWait();
        watch.BytesArrived();
        watch.ContentArrived();
        return watch;
    }

    /// <summary>One question to a raw upstream, read step by step.</summary>
    private sealed class Asked : IAsyncDisposable
    {
        private readonly HttpClient _http;
        private readonly IAsyncEnumerator<ChatResponseUpdate> _updates;

        public Asked(RawUpstream upstream, TimeProvider time, CancellationToken cancellationToken = default)
        {
            var endpoint = Answer.Endpoint(upstream.BaseUrl, time);
            _http = endpoint.CreateHttpClient();
            _updates = new OpenAIChatClient(_http, endpoint, "m")
                .GetStreamingResponseAsync("hi", cancellationToken: cancellationToken)
                .GetAsyncEnumerator(cancellationToken);
        }

        public ChatResponseUpdate Current => _updates.Current;

        public Task<bool> NextAsync() => _updates.MoveNextAsync().AsTask();

        public async ValueTask DisposeAsync()
        {
            await _updates.DisposeAsync();
            _http.Dispose();
        }
    }
}
