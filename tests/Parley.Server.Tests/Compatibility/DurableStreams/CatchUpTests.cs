using System.Net;
using Parley.Server.Tests.Hosting;
using static Parley.Server.Tests.Compatibility.DurableStreams.DurableReads;

namespace Parley.Server.Tests.Compatibility.DurableStreams;

/// <summary>Reads without <c>live</c>: what is stored, and where the reader is then.</summary>
public sealed class CatchUpTests(ParleyServer server)
{
    [Fact]
    public async Task FromTheBeginning_OfAFinishedAnswer_IsAllOfIt()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=12 reasoning=2 tool=1 delay=0");
        var json = await ana.ReadStreamAsync($"{PathOf(answer.GenerationId)}?offset=-1");
        var text = await ana.ReadStreamAsync($"{PathOf(answer.GenerationId, text: true)}?offset=-1");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (json.Status, text.Status));
        Assert.Equal(("application/json", "text/plain; charset=utf-8"), (json.ContentType, text.ContentType));
        Assert.Equal(answer.Text, TextOf(json.Messages));
        Assert.Equal(answer.Text, text.Body);
        Assert.Equal("done", TypeOf(json.Messages[^1]));
        Assert.Contains(json.Messages, message => TypeOf(message) == "reasoning");
        Assert.Contains(json.Messages, message => TypeOf(message) == "tool-result");

        // Both streams have the same offsets, and the last message ends where the stream does.
        Assert.Equal(Offset(PositionOf(json.Messages[^1])), json.NextOffset);
        Assert.Equal(json.NextOffset, text.NextOffset);
        Assert.All([json, text], read => Assert.True(read is { IsUpToDate: true, IsClosed: true, Cursor: null }));

        // Without an offset it is the same.
        Assert.Equal(json.Body, (await ana.ReadStreamAsync(PathOf(answer.GenerationId))).Body);
        Assert.Equal(text.Body, (await ana.ReadStreamAsync(PathOf(answer.GenerationId, text: true))).Body);
    }

    [Fact]
    public async Task FromTheOffsetOfEveryMessage_GivesTheRestInBothStreams()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=20 reasoning=2 tool=1 delay=3");
        var messages = (await ana.ReadStreamAsync(PathOf(answer.GenerationId))).Messages;
        Assert.InRange(messages.Count, 5, 1000);
        for (var count = 1; count <= messages.Count; count++)
        {
            var offset = Offset(PositionOf(messages[count - 1]));
            var json = await ana.ReadStreamAsync($"{PathOf(answer.GenerationId)}?offset={offset}");
            Assert.Equal(
                messages.Skip(count).Select(message => message.GetRawText()),
                json.Messages.Select(message => message.GetRawText())
            );
            var text = await ana.ReadStreamAsync($"{PathOf(answer.GenerationId, text: true)}?offset={offset}");
            Assert.Equal(answer.Text, TextOf(messages.Take(count)) + text.Body);
        }

        // At the end of the stream there is an empty success.
        var end = Offset(PositionOf(messages[^1]));
        var atEnd = await ana.ReadStreamAsync($"{PathOf(answer.GenerationId)}?offset={end}");
        Assert.Equal((HttpStatusCode.OK, "[]", end), (atEnd.Status, atEnd.Body, atEnd.NextOffset));
        Assert.True(atEnd is { IsUpToDate: true, IsClosed: true });
        Assert.Equal("", (await ana.ReadStreamAsync($"{PathOf(answer.GenerationId, text: true)}?offset={end}")).Body);
    }

    [Fact]
    public async Task OfARunningAnswer_IsUpToDateAndNotClosed_AndClosedOnceItIsStopped()
    {
        using var ana = server.NewUser();
        var (generation, shown) = await ana.StallAsync();
        var running = await ana.ReadStreamAsync(PathOf(generation));
        Assert.Equal(shown, TextOf(running.Messages));
        Assert.True(running is { IsUpToDate: true, IsClosed: false, CacheControl: "no-cache, private" or "private, no-cache" });
        Assert.Equal(shown, (await ana.ReadStreamAsync(PathOf(generation, text: true))).Body);

        await ana.StopAsync(generation);
        var rest = await ana.ReadStreamAsync($"{PathOf(generation)}?offset={running.NextOffset}");
        Assert.Equal("stopped", Assert.Single(rest.Messages).GetProperty("finishReason").GetString());
        Assert.True(rest is { IsUpToDate: true, IsClosed: true });
        var text = await ana.ReadStreamAsync($"{PathOf(generation, text: true)}?offset={running.NextOffset}");
        Assert.True(text is { Body: "", IsUpToDate: true, IsClosed: true });
    }

    [Fact]
    public async Task OfAFailedAnswer_EndsWithItsErrorAndIsClosed()
    {
        using var ana = server.NewUser();
        await using var stream = await ana.AskAsync("#script tokens=20 error-after=5 delay=0");
        await stream.ToEndAsync();
        var json = await ana.ReadStreamAsync(PathOf(stream.GenerationId));
        Assert.Equal((stream.Text, "error"), (TextOf(json.Messages), TypeOf(json.Messages[^1])));
        Assert.True(json is { IsUpToDate: true, IsClosed: true });
        Assert.Equal(stream.Text, (await ana.ReadStreamAsync(PathOf(stream.GenerationId, text: true))).Body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Now_IsTheEnd_AndIsNotCached(bool text)
    {
        using var ana = server.NewUser();
        var (generation, _) = await ana.StallAsync();
        var empty = text ? "" : "[]";
        var running = await ana.ReadStreamAsync($"{PathOf(generation, text)}?offset=now");
        Assert.Equal((HttpStatusCode.OK, empty), (running.Status, running.Body));
        Assert.True(running is { IsUpToDate: true, IsClosed: false, ETag: null, CacheControl: "no-store" });
        Assert.Equal((await ana.ReadStreamAsync(PathOf(generation))).NextOffset, running.NextOffset);

        await ana.StopAsync(generation);
        var ended = await ana.ReadStreamAsync($"{PathOf(generation, text)}?offset=now");
        Assert.Equal((HttpStatusCode.OK, empty), (ended.Status, ended.Body));
        Assert.True(ended is { IsUpToDate: true, IsClosed: true, ETag: null, CacheControl: "no-store" });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LongAnswer_ComesInSections_AndOnlyTheLastIsUpToDate(bool text)
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=100 size=7000 delay=0");
        List<DurableRead> sections = [];
        var offset = "-1";
        do
        {
            sections.Add(await ana.ReadStreamAsync($"{PathOf(answer.GenerationId, text)}?offset={offset}"));
            Assert.True(string.CompareOrdinal(sections[^1].NextOffset, offset) > 0, "each section moves on");
            offset = sections[^1].NextOffset;
        } while (!sections[^1].IsUpToDate);

        Assert.InRange(sections.Count, 2, 20);
        Assert.All(sections.SkipLast(1), section => Assert.True(section is { IsUpToDate: false, IsClosed: false }));
        Assert.All(sections, section => Assert.Contains("max-age=60", section.CacheControl!, StringComparison.Ordinal));
        Assert.True(sections[^1].IsClosed);
        Assert.Equal(answer.Text, string.Concat(sections.Select(section => text ? section.Body : TextOf(section.Messages))));
    }

    [Fact]
    public async Task ETag_OfAnUnchangedSection_SparesTheBody()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=12 delay=0");
        var path = $"{PathOf(answer.GenerationId)}?offset=-1";
        var first = await ana.ReadStreamAsync(path);
        Assert.NotNull(first.ETag);
        Assert.Equal(first.ETag, (await ana.ReadStreamAsync(path)).ETag);
        foreach (var tag in (string[])[first.ETag, $"\"other\", {first.ETag}", "*"])
        {
            var unchanged = await ana.ReadStreamAsync(path, "GET", ("If-None-Match", tag));
            Assert.Equal((HttpStatusCode.NotModified, ""), (unchanged.Status, unchanged.Body));
            Assert.Equal((first.ETag, first.NextOffset), (unchanged.ETag, unchanged.NextOffset));
            Assert.True(unchanged is { IsUpToDate: true, IsClosed: true });
        }

        Assert.Equal(HttpStatusCode.OK, (await ana.ReadStreamAsync(path, "GET", ("If-None-Match", "\"other\""))).Status);

        // Another section, and the other stream, have tags of their own.
        var end = await ana.ReadStreamAsync($"{PathOf(answer.GenerationId)}?offset={first.NextOffset}");
        var text = await ana.ReadStreamAsync($"{PathOf(answer.GenerationId, text: true)}?offset=-1");
        Assert.Equal(3, new[] { first.ETag, end.ETag, text.ETag }.Distinct().Count());
    }

    [Fact]
    public async Task ETag_OfAnOpenEnd_ChangesWhenTheAnswerEnds()
    {
        using var ana = server.NewUser();
        var (generation, _) = await ana.StallAsync();
        var running = await ana.ReadStreamAsync(PathOf(generation));
        var tail = await ana.ReadStreamAsync($"{PathOf(generation)}?offset={running.NextOffset}");
        Assert.Equal(
            HttpStatusCode.NotModified,
            (await ana.ReadStreamAsync(PathOf(generation), "GET", ("If-None-Match", running.ETag!))).Status
        );
        await ana.StopAsync(generation);
        foreach (
            var (path, tag) in ((string, string?)[])
                [(PathOf(generation), running.ETag), ($"{PathOf(generation)}?offset={running.NextOffset}", tail.ETag)]
        )
        {
            var ended = await ana.ReadStreamAsync(path, "GET", ("If-None-Match", tag!));
            Assert.Equal(HttpStatusCode.OK, ended.Status);
            Assert.NotEqual(tag, ended.ETag);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Head_SaysWhereTheStreamEndsAndWhetherItIsClosed(bool text)
    {
        using var ana = server.NewUser();
        var (generation, _) = await ana.StallAsync();
        var running = await ana.ReadStreamAsync(PathOf(generation, text), "HEAD");
        Assert.Equal(
            (HttpStatusCode.OK, "", text ? "text/plain; charset=utf-8" : "application/json"),
            (running.Status, running.Body, running.ContentType)
        );
        Assert.True(running is { IsClosed: false, CacheControl: "no-store" });
        Assert.Equal((await ana.ReadStreamAsync(PathOf(generation, text))).NextOffset, running.NextOffset);
        await ana.StopAsync(generation);
        var ended = await ana.ReadStreamAsync(PathOf(generation, text), "HEAD");
        Assert.True(ended is { Status: HttpStatusCode.OK, Body: "", IsClosed: true });
        Assert.Equal((await ana.ReadStreamAsync(PathOf(generation, text))).NextOffset, ended.NextOffset);
    }

    [Fact]
    public async Task Caches_MustNotShareAResponseBetweenOwners()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=2 delay=0");
        foreach (
            var (method, query) in ((string, string)[])
                [("GET", ""), ("GET", "?offset=now"), ("GET", "?offset=-1&live=long-poll"), ("HEAD", "")]
        )
        {
            var read = await ana.ReadStreamAsync(PathOf(answer.GenerationId) + query, method);
            Assert.Equal(HttpStatusCode.OK, read.Status);
            Assert.Equal("Authorization, Cookie", read.Headers["Vary"]);
            Assert.DoesNotContain("public", read.CacheControl!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Stream_OfAnotherOwner_IsAnsweredAsOneThatDoesNotExist()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        await ben.IdAsync();
        var generation = (await ana.AnsweredAsync("#script tokens=2 delay=0")).GenerationId;
        foreach (var id in (string[])[generation, "0199f000-0000-7000-8000-000000000000", "x"])
        {
            foreach (var text in (bool[])[false, true])
            {
                foreach (var query in (string[])["", "?offset=now", "?offset=now&live=long-poll", "?offset=-1&live=sse", "?offset=wrong"])
                {
                    await ben.RefusedAsync(404, "not_found", "GET", PathOf(id, text) + query);
                }

                var head = await ben.ReadStreamAsync(PathOf(id, text), "HEAD");
                Assert.Equal((HttpStatusCode.NotFound, ""), (head.Status, head.Body));
                Assert.False(head.Headers.ContainsKey("Stream-Next-Offset"));
            }
        }
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Stream_CannotBeWritten(string method)
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=2 delay=0");
        foreach (var text in (bool[])[false, true])
        {
            var read = await ana.ReadStreamAsync(PathOf(answer.GenerationId, text), method);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, read.Status);
            Assert.Contains("GET", read.Headers["Allow"], StringComparison.Ordinal);
        }

        Assert.Equal(answer.Text, (await ana.ReadStreamAsync(PathOf(answer.GenerationId, text: true))).Body);
    }
}
