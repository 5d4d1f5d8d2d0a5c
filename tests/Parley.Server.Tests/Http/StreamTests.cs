using System.Text;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Http;

/// <summary>Streams that live long, stall, or carry odd text.</summary>
public sealed class StreamTests
{
    [Fact]
    public async Task Stream_Silence_BringsHeartbeatsAndThenTheRest()
    {
        await using var server = await ParleyServer.StartAsync(("Streams:Heartbeat", "00:00:01"));
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script first=600000");
        await answer.UntilCommentAsync(2);
        Assert.All(answer.Comments, comment => Assert.Equal("hb", comment));
        await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop");
        Assert.Equal("stopped", (await answer.UntilAsync("done"))["finishReason"]);
    }

    [Fact]
    public async Task Stream_ReaderThatDoesNotRead_IsCutWhileOthersGoOn()
    {
        await using var server = await ParleyServer.StartAsync(("Streams:WriteDeadline", "00:00:01"));
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=110 size=65536 delay=5");
        using var stalled = await RawConnection.OpenAsync(server, receiveBuffer: 4096);
        await stalled.SendAsync(
            $"GET /api/v1/generations/{answer.GenerationId}/events HTTP/1.1\r\nHost: x\r\nCookie: {ana.Cookies.GetCookieHeader(server.Address)}\r\n\r\n"
        );
        var reset = stalled.WhenResetAsync();
        await answer.ToEndAsync();
        Assert.Equal(("done", 110L * 65536), (answer.Events[^1].Type, Encoding.UTF8.GetByteCount(answer.Text)));
        Assert.True(await reset);
        Assert.DoesNotContain("\"type\":\"done\"", await stalled.ReadAsync(), StringComparison.Ordinal);

        // It can come back with its position, and for all of it.
        await using var back = await ana.FollowAsync(answer.GenerationId, answer.Events[^4].Position);
        await back.ToEndAsync();
        Assert.Equal(answer.Text, EventStream.TextOf(answer.Events.SkipLast(3)) + back.Text);
    }

    [Fact]
    public async Task Stream_Http11_IsChunkedAndEndsInOrder()
    {
        await using var server = await ParleyServer.StartAsync();
        using var raw = await RawConnection.OpenAsync(server);
        const string body = """{"message":"#script tokens=3 delay=1","model":"scripted"}""";
        await raw.SendAsync(
            $"POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"
        );
        var response = await raw.ReadAsync();
        var head = response[..response.IndexOf("\r\n\r\n", StringComparison.Ordinal)];
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
        foreach (
            var header in new[]
            {
                "Content-Type: text/event-stream; charset=utf-8",
                "Cache-Control: no-cache, no-transform",
                "X-Accel-Buffering: no",
                "Transfer-Encoding: chunked",
                "X-Conversation-Id: ",
                "X-Generation-Id: ",
                "Set-Cookie: parley.id=",
            }
        )
        {
            Assert.Contains($"\r\n{header}", head, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("Content-Length", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Server:", head, StringComparison.Ordinal);
        Assert.EndsWith("\r\n0\r\n\r\n", response, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_OddTextFromTheProvider_IsTheSameEverywhere()
    {
        string[] pieces =
        [
            @"a\u0000b",
            @"\ud83d",
            @"\ude42",
            @"x\ud83d",
            @"y\udc00z",
            "\u2028\u2029\u0085\uFFFE",
            @"\r\n\n\r data: x\nid: 9\n\n: c",
            @"\u0007\u001b[31m",
            "e" + new string('\u0301', 100_000),
            @"</script>\u003c!--",
            "👩‍💻",
            "\uFEFF",
        ];
        const string expectedStart = "a\uFFFDb🙂x\uFFFDy\uFFFDz";
        await using var upstream = await Upstream.SayingAsync("stop", pieces);
        await using var server = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("x", model: "up/m");
        Assert.StartsWith(expectedStart, answer.Text, StringComparison.Ordinal);
        Assert.Contains("\r\n\n\r data: x\nid: 9\n\n: c\u0007\u001b[31me\u0301", answer.Text, StringComparison.Ordinal);
        Assert.EndsWith("</script><!--👩‍💻\uFEFF", answer.Text, StringComparison.Ordinal);
        Assert.Equal("done", answer.Last.Type);

        Assert.Equal(answer.Text, (await ana.GetAsync($"/api/v1/messages/{answer.MessageId}")).GetProperty("content").GetString());
        await using var again = await ana.FollowAsync(answer.GenerationId);
        Assert.Equal(answer.Text, (await again.ToEndAsync()).Text);
        Assert.Equal(answer.Last.Id, again.Events[^1].Id);
        await server.RestartAsync();
        await using var later = await ana.FollowAsync(answer.GenerationId, answer.Events[3].Position);
        Assert.Equal(answer.Text, EventStream.TextOf(answer.Events.Take(4)) + (await later.ToEndAsync()).Text);
    }

    [Fact]
    public async Task Stream_ProviderSendsNothing_EndsWithAnErrorAndNoText()
    {
        await using var upstream = await Upstream.SayingAsync("stop");
        await using var server = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("x", model: "up/m");
        Assert.Equal(("error", "empty_answer"), (answer.Last.Type, answer.Last["code"]));
    }

    [Fact]
    public async Task Stream_ServerStopsInMidAnswer_TheStreamIsCutAndTheNextOneGoesOnFromThere()
    {
        await using var server = await ParleyServer.StartAsync();
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=150 delay=10");
        await answer.UntilAsync("token", 10);
        var cut = answer.IsCutAsync();
        await server.RestartAsync();
        Assert.True(await cut);
        await using var rest = await ana.FollowAsync(answer.GenerationId, answer.Events[^1].Position);
        await rest.ToEndAsync();
        var whole = await ana.AnsweredAsync("#script tokens=150 delay=0");
        Assert.Equal(whole.Text, answer.Text + rest.Text);
        Assert.Equal("adopted", Assert.Single(rest.Events, next => next.Type == "seam")["reason"]);
    }
}
