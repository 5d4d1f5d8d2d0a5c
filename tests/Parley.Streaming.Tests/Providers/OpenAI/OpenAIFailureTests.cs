using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.OpenAI;
using Parley.Streaming.Providers.Transport;
using Parley.Testing;

namespace Parley.Streaming.Tests.Providers.OpenAI;

/// <summary>Every abnormal end is one typed failure, after the text that arrived.</summary>
public sealed class OpenAIFailureTests
{
    private const string Hello = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
    private const string Stop = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

    public static TheoryData<string, string, ProviderFailure> Streams =>
        new()
        {
            { "clean end after text", Hello, ProviderFailure.CutShort },
            { "half a frame at the end", Hello + "data: {\"choices\":[{\"delta\":{\"content\":\"Wor", ProviderFailure.CutShort },
            {
                "tool call without an end",
                Hello
                    + "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]}}]}\n\n",
                ProviderFailure.CutShort
            },
            { "broken JSON", Hello + "data: {\"choices\":[}\n\n" + Stop, ProviderFailure.MalformedFrame },
            { "broken JSON after an object", Hello.TrimEnd('\n') + "\ndata: {oops\n\n" + Stop, ProviderFailure.MalformedFrame },
            {
                "raw control character",
                Hello + "data: {\"choices\":[{\"delta\":{\"content\":\"a\u0001\"}}]}\n\n" + Stop,
                ProviderFailure.MalformedFrame
            },
            { "no JSON", Hello + "data: oops\n\n" + Stop, ProviderFailure.MalformedFrame },
            { "a string", Hello + "data: \"oops\"\n\n" + Stop, ProviderFailure.MalformedFrame },
            { "too deep", Hello + "data: " + new string('[', 200) + "\n\n", ProviderFailure.MalformedFrame },
            {
                "error object",
                Hello + "data: {\"error\":{\"message\":\"boom\",\"code\":500,\"nested\":{\"a\":[1,{\"b\":2}]}}}\n\ndata: [DONE]\n\n",
                ProviderFailure.ReportedError
            },
            { "error string", Hello + "data: {\"code\":\"x\",\"error\":\"boom\"}\n\n", ProviderFailure.ReportedError },
            {
                "error beside choices",
                Hello + "data: {\"choices\":[],\"error\":{\"message\":\"boom\"}}\n\n",
                ProviderFailure.ReportedError
            },
            { "error list", Hello + "data: [{\"error\":{\"message\":\"boom\"}}]\n\n", ProviderFailure.ReportedError },
            { "error field", Hello + "error: {\"code\":500}\n\ndata: [DONE]\n\n", ProviderFailure.ReportedError },
            { "error event", Hello + "event: error\ndata: {\"message\":\"boom\"}\n\n", ProviderFailure.ReportedError },
            { "error number", Hello + "data: {\"error\":1}\n\n", ProviderFailure.ReportedError },
            { "Groq error", Hello + "data: {\"x_groq\":{\"error\":\"over_capacity\"}}\n\n", ProviderFailure.ReportedError },
            {
                "old vLLM error",
                Hello + "data: {\"object\":\"error\",\"message\":\"boom\",\"code\":400}\n\n",
                ProviderFailure.ReportedError
            },
            {
                "finish reason error",
                Hello + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\n",
                ProviderFailure.ReportedError
            },
            { "endless line", Hello + "data: " + new string('x', 100_000), ProviderFailure.FrameTooLarge },
            { "endless comment", Hello + ": " + new string('x', 100_000), ProviderFailure.FrameTooLarge },
        };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Client_AbnormalEnd_IsOneFailureAfterTheText(string name, string body, ProviderFailure expected)
    {
        await using var upstream = new RawUpstream(RawUpstream.EventStream + body);

        var answer = await Answer.OfAsync(upstream, maxFrameBytes: 50_000);

        Assert.True(expected == answer.Error?.Failure, $"{name}: {answer.Error?.Failure}");
        Assert.Equal("Hello", answer.Text);
        Assert.Null(answer.Finish);
        Assert.NotEmpty(answer.Error!.UserMessage);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n", ProviderFailure.CutShort)]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: [DONE]\n\n",
        ProviderFailure.CutShort
    )]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: {\"error\":\"boom\"}\n\ndata: [DONE]\n\n",
        ProviderFailure.ReportedError
    )]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"error\":{\"message\":\"boom\"}}",
        ProviderFailure.ReportedError
    )]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"choices\":[{\"mess",
        ProviderFailure.CutShort
    )]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"hello\":1}", ProviderFailure.CutShort)]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>log in</html>",
        ProviderFailure.UnexpectedContent
    )]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n<!doctype html>",
        ProviderFailure.UnexpectedContent
    )]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ProviderFailure.UnexpectedContent)]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\nx",
        ProviderFailure.UnexpectedContent
    )]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", ProviderFailure.UnexpectedContent)]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n", ProviderFailure.UnexpectedContent)]
    [InlineData("", ProviderFailure.Reset)]
    [InlineData(
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"choices\":[]}\n\n",
        ProviderFailure.Reset
    )]
    [InlineData(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n5\r\ndata:\r\n",
        ProviderFailure.Reset
    )]
    public async Task Client_NoAnswerAtAll_IsOneFailure(string response, ProviderFailure expected)
    {
        await using var upstream = new RawUpstream(response);

        var answer = await Answer.OfAsync(upstream);

        Assert.Equal(expected, answer.Error?.Failure);
        Assert.Empty(answer.Contents);
    }

    [Fact]
    public async Task Client_ConnectionResetInTheMiddle_KeepsTheText()
    {
        var received = new TaskCompletionSource();
        await using var upstream = new RawUpstream(async connection =>
        {
            await connection.SendAsync(RawUpstream.EventStream + Hello + Hello);
            await received.Task.WaitAsync(connection.Stop);
            connection.Reset();
        });
        var endpoint = Answer.Endpoint(upstream.BaseUrl);
        using var http = endpoint.CreateHttpClient();
        using var client = new OpenAIChatClient(http, endpoint, "m");
        await using var updates = client
            .GetStreamingResponseAsync("hi", cancellationToken: TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);

        Assert.True(await updates.MoveNextAsync());
        Assert.True(await updates.MoveNextAsync());
        Assert.Equal("Hello", updates.Current.Text);
        received.SetResult();

        var error = await Assert.ThrowsAsync<ProviderException>(async () => await updates.MoveNextAsync());
        Assert.Equal(ProviderFailure.Reset, error.Failure);
        Assert.True(error.IsRetryable);
    }

    [Theory]
    [InlineData(400, "", ProviderFailure.Refused, false)]
    [InlineData(400, "context_length_exceeded", ProviderFailure.ContextTooLong, false)]
    [InlineData(401, "", ProviderFailure.Unauthorized, false)]
    [InlineData(402, "", ProviderFailure.OutOfCredit, false)]
    [InlineData(403, "", ProviderFailure.Unauthorized, false)]
    [InlineData(404, "", ProviderFailure.ModelNotFound, false)]
    [InlineData(408, "", ProviderFailure.Unavailable, true)]
    [InlineData(413, "", ProviderFailure.Refused, false)]
    [InlineData(422, "", ProviderFailure.Refused, false)]
    [InlineData(429, "", ProviderFailure.RateLimited, true)]
    [InlineData(429, "insufficient_quota", ProviderFailure.OutOfCredit, false)]
    [InlineData(498, "", ProviderFailure.Unavailable, true)]
    [InlineData(500, "", ProviderFailure.Unavailable, true)]
    [InlineData(502, "", ProviderFailure.Unavailable, true)]
    [InlineData(503, "", ProviderFailure.Unavailable, true)]
    [InlineData(529, "", ProviderFailure.Unavailable, true)]
    public async Task Client_ErrorStatus_IsMapped(int status, string body, ProviderFailure expected, bool isRetryable)
    {
        await using var upstream = new RawUpstream(
            $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"
        );

        var error = (await Answer.OfAsync(upstream)).Error!;

        Assert.Equal((expected, status, isRetryable), (error.Failure, error.StatusCode, error.IsRetryable));
    }

    [Theory]
    [InlineData("Retry-After: 7", "", 7.0)]
    [InlineData("Retry-After: 1.5", "", 1.5)]
    [InlineData("Retry-After: 3600", "", 3600.0)]
    [InlineData("Retry-After: 99999999999", "", 86400.0)]
    [InlineData("Retry-After: -3", "", null)]
    [InlineData("Retry-After: soon", "", null)]
    [InlineData("Retry-After: NaN", "", null)]
    [InlineData("Retry-After: Fri, 02 Jan 2026 03:04:35 GMT", "", 30.0)]
    [InlineData("Retry-After: Thu, 02 Jan 2020 03:04:35 GMT", "", 0.0)]
    [InlineData("retry-after-ms: 250", "", 0.25)]
    [InlineData("X: y", "{\"error\":{\"details\":[{\"retryDelay\": \"17s\"}]}}", 17.0)]
    [InlineData("Retry-After: 20", "{\"retryDelay\":\"17s\"}", 20.0)]
    public async Task Client_RetryAfter_IsReadInEveryForm(string header, string body, double? expected)
    {
        await using var upstream = new RawUpstream($"HTTP/1.1 429 X\r\n{header}\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        var error = (await Answer.OfAsync(upstream, new FakeTimeProvider())).Error!;

        Assert.Equal(expected, error.RetryAfter?.TotalSeconds);
    }

    [Fact]
    public async Task Client_ErrorBodyThatNeverComes_GivesTheStatusAfterTwoSeconds()
    {
        var time = new FakeTimeProvider();
        await using var upstream = new RawUpstream(async connection =>
        {
            await connection.SendAsync("HTTP/1.1 503 X\r\nContent-Length: 100\r\n\r\nhalf");
            await connection.ForeverAsync();
        });

        var asking = Answer.OfAsync(upstream, time);
        // The call's own timer, and then the one for the body.
        while (time.ArmedTimers < 2)
        {
            await Task.Yield();
        }

        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(ProviderFailure.Unavailable, (await asking).Error?.Failure);
    }

    [Fact]
    public async Task Client_ConnectionRefused_IsUnreachable()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        Assert.Equal(ProviderFailure.Unreachable, (await AskAsync(new Uri($"http://127.0.0.1:{port}/v1"))).Error?.Failure);
    }

    [Fact]
    public async Task Client_ServerWithoutTls_IsUnreachable()
    {
        await using var upstream = new RawUpstream(
            connection => connection.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"),
            readsRequest: false
        );

        Assert.Equal(ProviderFailure.Unreachable, (await AskAsync(new Uri($"https://127.0.0.1:{upstream.Port}/v1"))).Error?.Failure);
    }

    [Fact]
    public async Task Client_Redirect_IsNotFollowedAndTheKeyStays()
    {
        await using var other = new RawUpstream(RawUpstream.EventStream + Hello + Stop);
        foreach (var status in (int[])[301, 302, 303, 307, 308])
        {
            await using var upstream = new RawUpstream(
                $"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:{other.Port}/v1/chat/completions\r\nContent-Length: 0\r\n\r\n"
            );

            Assert.Equal(ProviderFailure.UnexpectedContent, (await Answer.OfAsync(upstream)).Error?.Failure);
            Assert.Contains(Answer.Key, Assert.Single(upstream.Requests), StringComparison.Ordinal);
        }

        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData(
        "HTTP/1.1 401 X\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"error\":{\"message\":\"bad key "
            + Answer.Key
            + " at http://internal:1\"}}"
    )]
    [InlineData("HTTP/1.1 500 " + Answer.Key + "\r\nX-Echo: " + Answer.Key + "\r\nConnection: close\r\n\r\n" + Answer.Key)]
    [InlineData("HTTP/1.1 200 OK\r\n" + Answer.Key + "\r\n\r\n")]
    [InlineData(Answer.Key + "\r\n\r\n")]
    [InlineData(RawUpstream.EventStream + Hello + "data: {\"error\":{\"message\":\"key " + Answer.Key + "\"}}\n\n")]
    [InlineData(RawUpstream.EventStream + Hello + "data: " + Answer.Key + "\n\n")]
    [InlineData(RawUpstream.EventStream + Hello + "event: error\ndata: SK-CANARY-0123456789\n\n")]
    [InlineData("HTTP/1.1 307 X\r\nLocation: http://x/?key=" + Answer.Key + "\r\nContent-Length: 0\r\n\r\n")]
    public async Task Client_UpstreamEchoesTheKey_KeepsItOutOfErrorsAndLogs(string response)
    {
        await using var upstream = new RawUpstream(response);
        var log = new ListLog();
        var endpoint = new ProviderEndpoint
        {
            Name = "test",
            BaseUrl = upstream.BaseUrl,
            ApiKey = Answer.Key,
            Logger = log,
        };
        using var http = endpoint.CreateHttpClient();
        using var client = new OpenAIChatClient(http, endpoint, "m");

        var error = (await Answer.OfAsync(client, "hi")).Error!;

        Assert.Single(log.Lines);
        foreach (
            var text in (string?[])
                [error.ToString(), error.Message, error.UserMessage, error.Detail, error.InnerException?.ToString(), .. log.Lines]
        )
        {
            Assert.DoesNotContain(Answer.Key, text ?? "", StringComparison.OrdinalIgnoreCase);
        }

        Assert.DoesNotContain("internal", error.ToString() + error.UserMessage, StringComparison.Ordinal);
    }

    private static async Task<Answer> AskAsync(Uri baseUrl)
    {
        var endpoint = Answer.Endpoint(baseUrl);
        using var http = endpoint.CreateHttpClient();
        using var client = new OpenAIChatClient(http, endpoint, "m");
        return await Answer.OfAsync(client, "hi");
    }
}
