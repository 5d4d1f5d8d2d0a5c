using System.Net;
using System.Text.Json;
using Parley.Server.Tests.Hosting;
using static Parley.Server.Tests.Compatibility.DurableStreams.DurableReads;

namespace Parley.Server.Tests.Compatibility.DurableStreams;

/// <summary>Reads with <c>live=sse</c>: what is stored and what comes, as Server-Sent Events.</summary>
public sealed class LiveEventTests(ParleyServer server)
{
    [Fact]
    public async Task JsonStream_OfARunningAnswer_IsWholeAndEndsClosed()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=30 reasoning=2 tool=1 delay=5");
        await answer.UntilAsync("typing");
        await using var live = await ana.LiveAsync(answer.GenerationId, text: false);
        Assert.Contains("no-", live.Response.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        await live.ToEndAsync();
        await answer.ToEndAsync();

        Assert.Equal(answer.Text, TextOf(live.Messages));
        Assert.Equal("done", TypeOf(live.Messages[^1]));
        Assert.InRange(live.Batches.Count, 3, 1000);
        var offsets = live.Batches.Select(batch => batch.NextOffset).ToList();
        Assert.Equal(offsets.Order(StringComparer.Ordinal), offsets);
        Assert.Equal(Offset(PositionOf(live.Messages[^1])), offsets[^1]);
        // Only the last batch closes the stream; every other one has a cursor.
        Assert.All(live.Batches.SkipLast(1), batch =>
            Assert.True(!batch.IsClosed && batch.Control.TryGetProperty("streamCursor", out _), $"{batch.Control}")
        );
        // The event that closes the stream has no data: the client can lose the data of the batch that closes it.
        Assert.True(live.Batches[^1] is { Data: "", IsClosed: true, IsUpToDate: true });
        Assert.False(live.Batches[^1].Control.TryGetProperty("streamCursor", out _));
        // Each batch ends where the offset after it says.
        Assert.All(live.Batches.Where(batch => batch.Data.Length > 2), batch =>
            Assert.True(
                string.CompareOrdinal(Offset(PositionOf(JsonElement.Parse(batch.Data).EnumerateArray().Last())), batch.NextOffset) <= 0,
                batch.Data
            )
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FromEveryOffsetOfARunningAnswer_TheRestJoinsToTheWhole(bool text)
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=30 delay=10");
        await answer.UntilAsync("typing");
        await using var live = await ana.LiveAsync(answer.GenerationId, text);
        List<(string Before, string Offset, Task<LiveStream> Opening)> readers = [];
        while (await live.NextAsync() is { } batch)
        {
            readers.Add((TextIn(live, text), batch.NextOffset, ana.LiveAsync(answer.GenerationId, text, batch.NextOffset)));
        }

        await answer.ToEndAsync();
        Assert.Equal(answer.Text, TextIn(live, text));
        Assert.InRange(readers.Count, 5, 1000);
        foreach (var (before, offset, opening) in readers)
        {
            await using var rest = await (await opening).ToEndAsync();
            Assert.Equal(answer.Text, before + TextIn(rest, text));
            Assert.True(rest.Batches[^1].IsClosed, offset);
            Assert.Equal(live.Batches[^1].NextOffset, rest.Batches[^1].NextOffset);
        }
    }

    [Fact]
    public async Task FromEveryOffsetOfAFinishedAnswer_BothStreamsGiveTheRest()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=10 delay=2");
        var messages = (await ana.ReadStreamAsync(PathOf(answer.GenerationId))).Messages;
        for (var count = 0; count < messages.Count; count++)
        {
            var offset = count == 0 ? "-1" : Offset(PositionOf(messages[count - 1]));
            await using var json = await (await ana.LiveAsync(answer.GenerationId, false, offset)).ToEndAsync();
            Assert.Equal(
                messages.Skip(count).Select(message => message.GetRawText()),
                json.Messages.Select(message => message.GetRawText())
            );
            await using var text = await (await ana.LiveAsync(answer.GenerationId, true, offset)).ToEndAsync();
            Assert.Equal(answer.Text, TextOf(messages.Take(count)) + text.Data);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AtTheEnd_IsOneControlEventThatCloses(bool text)
    {
        using var ana = server.NewUser();
        var generation = (await ana.AnsweredAsync("#script tokens=3 delay=0")).GenerationId;
        var tail = (await ana.ReadStreamAsync(PathOf(generation))).NextOffset;
        foreach (var offset in (string[])[tail, "now"])
        {
            await using var live = await (await ana.LiveAsync(generation, text, offset)).ToEndAsync();
            var batch = Assert.Single(live.Batches);
            Assert.Equal(("", tail), (batch.Data, batch.NextOffset));
            Assert.True(batch is { IsClosed: true, IsUpToDate: true });
        }
    }

    [Theory]
    [InlineData(false, "-1")]
    [InlineData(true, "-1")]
    [InlineData(false, "now")]
    [InlineData(true, "now")]
    public async Task OfAnOpenAnswer_SaysThatTheReaderIsUpToDate_AndFollowsToTheStop(bool text, string offset)
    {
        using var ana = server.NewUser();
        var (generation, shown) = await ana.StallAsync();
        var tail = (await ana.ReadStreamAsync(PathOf(generation))).NextOffset;
        await using var live = await ana.LiveAsync(generation, text, offset);
        var upToDate = await live.UntilAsync(seen => seen.Batches[^1].IsUpToDate);
        Assert.Equal((tail, false), (upToDate.NextOffset, upToDate.IsClosed));
        Assert.Equal(offset == "now" ? "" : shown, TextIn(live, text));
        await ana.StopAsync(generation);
        await live.ToEndAsync();
        Assert.True(live.Batches[^1].IsClosed);
        if (!text)
        {
            Assert.Equal("stopped", live.Messages[^1].GetProperty("finishReason").GetString());
        }
    }

    [Fact]
    public async Task OfAFailedAnswer_EndsWithItsErrorAndCloses()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=20 error-after=5 delay=5");
        await answer.UntilAsync("typing");
        await using var json = await (await ana.LiveAsync(answer.GenerationId, text: false)).ToEndAsync();
        await using var text = await (await ana.LiveAsync(answer.GenerationId, text: true)).ToEndAsync();
        await answer.ToEndAsync();
        Assert.Equal("error", TypeOf(json.Messages[^1]));
        Assert.Equal((answer.Text, answer.Text), (TextOf(json.Messages), text.Data));
        Assert.True(json.Batches[^1].IsClosed && text.Batches[^1].IsClosed);
    }

    [Fact]
    public async Task TextOfSeveralLines_IsTheSame_WithoutItsCarriageReturns()
    {
        await using var upstream = await Upstream.SayingAsync("stop", "a\\nb\\r", "\\nc", "\\n\\n", " d: e\\n");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        var answer = await ana.AnsweredAsync("Hello", model: "up/m");
        const string whole = "a\nb\r\nc\n\n d: e\n";
        Assert.Equal(whole, answer.Text);
        await using var text = await (await ana.LiveAsync(answer.GenerationId, text: true)).ToEndAsync();
        Assert.Equal("a\nb\nc\n\n d: e\n", text.Data);
        // The JSON stream, and the text that is not an event stream, keep them.
        await using var json = await (await ana.LiveAsync(answer.GenerationId, text: false)).ToEndAsync();
        Assert.Equal(whole, TextOf(json.Messages));
        Assert.Equal(whole, (await ana.ReadStreamAsync(PathOf(answer.GenerationId, text: true))).Body);
    }

    [Fact]
    public async Task Connection_EndsAfterItsTime_AndTheReaderGoesOnFromItsLastOffset()
    {
        await using var own = await ParleyServer.StartAsync(("Streams:DurableConnection", "00:00:01"), ("Streams:Heartbeat", "00:00:01"));
        using var ana = own.NewUser();
        var (generation, shown) = await ana.StallAsync();
        await using var first = await (await ana.LiveAsync(generation, text: true)).ToEndAsync();
        Assert.Equal(shown, first.Data);
        Assert.False(first.Batches[^1].IsClosed); // an end of the connection only
        await using var second = await ana.LiveAsync(generation, text: true, first.Batches[^1].NextOffset);
        Assert.True((await second.NextAsync())!.IsUpToDate);
        await ana.StopAsync(generation);
        await second.ToEndAsync();
        Assert.Equal(("", true), (second.Data, second.Batches[^1].IsClosed));
    }

    [Fact]
    public async Task DeletedConversation_CutsTheConnection()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync(Stalling);
        await answer.UntilAsync("token");
        await using var live = await ana.LiveAsync(answer.GenerationId, text: false);
        await live.NextAsync();
        using var deleted = await ana.SendAsync("DELETE", $"/api/v1/conversations/{answer.ConversationId}");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        var cut = await Assert.ThrowsAnyAsync<Exception>(() => live.ToEndAsync());
        Assert.True(cut is IOException or HttpRequestException, $"{cut}");
        Assert.DoesNotContain(live.Batches, batch => batch.IsClosed);
    }

    [Fact]
    public async Task TicketAndToken_InTheQuery_AreAcceptedForThisGenerationAlone()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser(); // a page that has no cookie of ana's
        var one = (await ana.AnsweredAsync("#script tokens=2 delay=0")).GenerationId;
        var other = (await ana.AnsweredAsync("#script tokens=2 delay=0")).GenerationId;
        var ticket = (await ana.JsonAsync("POST", $"/api/v1/generations/{one}/ticket")).GetProperty("ticket").GetString();
        var read = await ben.ReadStreamAsync($"{PathOf(one)}?offset=-1&ticket={ticket}");
        Assert.Equal((HttpStatusCode.OK, true), (read.Status, read.IsClosed));
        await ben.RefusedAsync(404, "not_found", "GET", $"{PathOf(other)}?offset=-1&ticket={ticket}");
        await ben.RefusedAsync(404, "not_found", "GET", $"{PathOf(one)}?offset=-1&ticket=x");
    }

    private static string TextIn(LiveStream live, bool text) => text ? live.Data : TextOf(live.Messages);
}
