using System.Net;
using System.Text;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Generations;

/// <summary><c>GET /api/v1/generations/{id}/events</c>: reading continues exactly after a position.</summary>
public sealed class FollowGenerationTests(ParleyServer server)
{
    private const string Script = "#script tokens=30 reasoning=3 tool=1 delay=";

    [Theory]
    [InlineData("?after={0}", null)]
    [InlineData("?lastEventId={0}", null)]
    [InlineData("", "Last-Event-ID")]
    [InlineData("?after=0", "Last-Event-ID")] // the header is newer
    public async Task Follow_FromEveryIdOfAFinishedAnswer_GetsExactlyTheRest(string query, string? header)
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync(Script + "1");
        for (var i = 2; i < answer.Events.Count - 1; i++)
        {
            var id = answer.Events[i].Id;
            await using var rest = await ana.StreamAsync(
                "GET",
                $"/api/v1/generations/{answer.GenerationId}/events{string.Format(null, query, id)}",
                null,
                header is null ? [] : [(header, id)]
            );
            await rest.ToEndAsync();
            Assert.Equal(Joined(answer.Events), Joined([.. answer.Events.Take(i + 1), .. rest.Events]));
            Assert.Equal(answer.Last.Json.ToString(), rest.Events[^1].Json.ToString());
            Assert.Equal(answer.Last.Id, rest.Events[^1].Id);
        }
    }

    [Fact]
    public async Task Follow_FromEveryIdOfARunningAnswer_GetsExactlyTheRest()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync(Script + "10");
        List<(int Seen, Task<EventStream> Opening)> followers = [];
        while (await answer.NextAsync() is { } next)
        {
            if (next.Position == 0 || next.Type == "done")
            {
                continue;
            }

            followers.Add((answer.Events.Count, ana.FollowAsync(answer.GenerationId, next.Position)));
        }

        Assert.True(followers.Count > 5);
        foreach (var (count, opening) in followers)
        {
            await using var rest = await opening;
            await rest.ToEndAsync();
            Assert.Equal(Joined(answer.Events), Joined([.. answer.Events.Take(count), .. rest.Events]));
        }
    }

    [Fact]
    public async Task Follow_FromEveryBytePosition_WorksOnCharactersAndIsRefusedInsideThem()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=12 delay=0");
        var text = Encoding.UTF8.GetBytes(answer.Text);
        // The log: open, text, close, end.
        for (var position = 0; position <= answer.Last.Position; position++)
        {
            var inside = position > 1 && position <= text.Length && (text[position - 1] & 0xC0) == 0x80;
            var expected =
                inside ? HttpStatusCode.BadRequest
                : position == answer.Last.Position ? HttpStatusCode.NoContent
                : HttpStatusCode.OK;
            using var response = await ana.SendAsync("GET", $"/api/v1/generations/{answer.GenerationId}/events?after={position}");
            Assert.True(expected == response.StatusCode, $"{position}: {response.StatusCode}");
            if (expected == HttpStatusCode.BadRequest)
            {
                Assert.Contains(
                    "position_inside_character",
                    await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
                    StringComparison.Ordinal
                );
            }

            if (expected != HttpStatusCode.OK)
            {
                continue;
            }

            await using var rest = new EventStream(
                response,
                await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)
            );
            await rest.ToEndAsync();
            Assert.Equal(Encoding.UTF8.GetString(text.AsSpan(Math.Clamp(position - 1, 0, text.Length))), rest.Text);
        }
    }

    [Fact]
    public async Task Follow_WithoutACursor_BeginsWithStartAndReplaysTheSame()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync(Script + "1");
        await using var again = await ana.FollowAsync(answer.GenerationId);
        await again.ToEndAsync();
        Assert.Equal(["start", "typing"], again.Events.Take(2).Select(next => next.Type));
        Assert.Equal(answer.Events[0].Json.ToString(), again.Events[0].Json.ToString());
        Assert.Equal((answer.ConversationId, answer.GenerationId), (again.ConversationId, again.GenerationId));
        Assert.Equal(Joined(answer.Events), Joined(again.Events));
    }

    [Fact]
    public async Task Follow_WithACursor_BeginsWithACommentSoThatTheReaderHearsAtOnce()
    {
        using var ana = server.NewUser();
        await using var asked = await ana.AskAsync("#script first=60000");
        await using var follower = await ana.FollowAsync(asked.GenerationId, after: 0);
        await follower.UntilCommentAsync(1);
        Assert.Equal(["hb"], follower.Comments);
        Assert.Empty(follower.Events);
    }

    [Fact]
    public async Task Follow_AtTheEnd_Is204()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=2 delay=0");
        using var byQuery = await ana.SendAsync("GET", $"/api/v1/generations/{answer.GenerationId}/events?after={answer.Last.Id}");
        using var byHeader = await ana.SendAsync(
            "GET",
            $"/api/v1/generations/{answer.GenerationId}/events",
            null,
            ("Last-Event-ID", answer.Last.Id)
        );
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (byQuery.StatusCode, byHeader.StatusCode));
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("0x10")]
    [InlineData("007")]
    [InlineData("1,2")]
    [InlineData("1e1")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999")]
    [InlineData("9223372036854775807", "position_beyond_end")]
    [InlineData("1000000", "position_beyond_end")]
    public async Task Follow_CursorGarbage_IsRefusedBeforeAnyByteOfTheStream(string cursor, string code = "invalid_position")
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=2 delay=0");
        var path = $"/api/v1/generations/{answer.GenerationId}/events";
        await ana.RefusedAsync(400, code, "GET", path, null, ("Last-Event-ID", cursor));
        await ana.RefusedAsync(400, code, "GET", $"{path}?after={Uri.EscapeDataString(cursor)}");
        await ana.RefusedAsync(400, code, "GET", $"{path}?lastEventId={Uri.EscapeDataString(cursor)}");
    }

    [Theory]
    [InlineData("?after=1&after=2", "duplicate_parameter")]
    [InlineData("?after=%201", "invalid_position")]
    [InlineData("?after=1%20", "invalid_position")]
    [InlineData("?after=%D9%A3", "invalid_position")]
    [InlineData("?after=1%00", "invalid_position")]
    [InlineData("?after=%0a1", "invalid_position")]
    public async Task Follow_CursorGarbageInTheQuery_IsRefused(string query, string code)
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=2 delay=0");
        await ana.RefusedAsync(400, code, "GET", $"/api/v1/generations/{answer.GenerationId}/events{query}");
    }

    [Fact]
    public async Task Follow_TwoCursorHeaders_AreRefused()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=2 delay=0");
        await using var alive = await ana.FollowAsync(answer.GenerationId);
        var cookie = ana.Cookies.GetCookieHeader(server.Address);
        using var raw = await RawConnection.OpenAsync(server);
        await raw.SendAsync(
            $"GET /api/v1/generations/{answer.GenerationId}/events HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nLast-Event-ID: 1\r\nLast-Event-ID: 2\r\nConnection: close\r\n\r\n"
        );
        var response = await raw.ReadAsync();
        Assert.StartsWith("HTTP/1.1 400", response, StringComparison.Ordinal);
        Assert.Contains("invalid_position", response, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Follow_PositionThatARunningAnswerHasNotReached_IsRefused()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script first=60000");
        await ana.RefusedAsync(400, "position_beyond_end", "GET", $"/api/v1/generations/{answer.GenerationId}/events?after=5");
    }

    [Fact]
    public async Task Follow_FiftyAtOnce_AllGetTheSameText()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=80 delay=5");
        var followers = await Task.WhenAll(
            Enumerable
                .Range(0, 50)
                .Select(async _ =>
                {
                    await using var follower = await ana.FollowAsync(answer.GenerationId);
                    return Joined((await follower.ToEndAsync()).Events);
                })
        );
        await answer.ToEndAsync();
        Assert.All(followers, text => Assert.Equal(Joined(answer.Events), text));
    }

    [Fact]
    public async Task Follow_ConversationIsDeleted_TheStreamIsCutAndNotEndedInOrder()
    {
        using var ana = server.NewUser();
        await using var writing = await ana.AskAsync("#script tokens=100000 delay=5");
        await writing.UntilAsync("token");
        await using var waiting = await ana.AskAsync("#script first=600000");
        await waiting.UntilAsync("typing");
        foreach (var stream in new[] { writing, waiting })
        {
            using var deleted = await ana.SendAsync("DELETE", $"/api/v1/conversations/{stream.ConversationId}");
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
            Assert.True(await stream.IsCutAsync());
            await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{stream.GenerationId}/events");
        }
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("HEAD")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Follow_OtherMethods_Are405(string method)
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=1 delay=0");
        using var response = await ana.SendAsync(method, $"/api/v1/generations/{answer.GenerationId}/events");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET"], response.Content.Headers.Allow);
        if (method != "HEAD")
        {
            await Problem.ReadAsync(response);
        }
    }

    /// <summary>What a reader has in the end, however it was cut into frames.</summary>
    private static string Joined(IEnumerable<Event> events)
    {
        var joined = new StringBuilder();
        var last = "";
        foreach (var next in events.Where(next => next.Type is not ("start" or "typing")))
        {
            if (next.Type is "token" or "reasoning" or "tool-arguments")
            {
                if (last != next.Type)
                {
                    joined.Append('\n').Append(next.Type).Append(' ');
                }

                joined.Append(next.Content);
            }
            else
            {
                joined.Append('\n').Append(next.Json).Append(" @").Append(next.Id);
            }

            last = next.Type;
        }

        return joined.ToString();
    }
}
