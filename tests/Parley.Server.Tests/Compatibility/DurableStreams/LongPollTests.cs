using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Parley.Server.Tests.Hosting;
using static Parley.Server.Tests.Compatibility.DurableStreams.DurableReads;

namespace Parley.Server.Tests.Compatibility.DurableStreams;

/// <summary>Reads with <c>live=long-poll</c>: they wait until there is something after the offset.</summary>
public sealed class LongPollTests(ParleyServer server)
{
    private static readonly DateTimeOffset CursorEpoch = new(2024, 10, 9, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task BeforeTheTail_ReturnsWhatIsThere()
    {
        using var ana = server.NewUser();
        var (generation, shown) = await ana.StallAsync();
        var json = await PollAsync(ana, generation, false, "-1");
        Assert.Equal(HttpStatusCode.OK, json.Status);
        Assert.Equal(shown, TextOf(json.Messages));
        Assert.True(json is { IsUpToDate: true, IsClosed: false, CacheControl: "no-store", Cursor: not null, ETag: null });
        var text = await PollAsync(ana, generation, true, "-1");
        Assert.Equal((shown, json.NextOffset), (text.Body, text.NextOffset));
        Assert.Equal(("application/json", "text/plain; charset=utf-8"), (json.ContentType, text.ContentType));
        await ana.StopAsync(generation);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AtTheTail_WaitsForWhatComesNext_UntilTheStreamIsClosed(bool text)
    {
        var pieces = Channel.CreateUnbounded<string>();
        await using var upstream = await SendingAsync(pieces);
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        pieces.Writer.TryWrite("One. ");
        await using var answer = await ana.AskAsync("Hello", model: "up/m");
        await answer.UntilAsync("token");

        var read = await PollAsync(ana, answer.GenerationId, text, "-1");
        Assert.Equal("One. ", text ? read.Body : TextOf(read.Messages));
        foreach (var piece in (string[])["Two. ", "Three. "])
        {
            // What it waits for is sent only after it was asked for.
            var waiting = PollAsync(ana, answer.GenerationId, text, read.NextOffset);
            Assert.False(waiting.IsCompleted);
            pieces.Writer.TryWrite(piece);
            read = await waiting;
            Assert.Equal((HttpStatusCode.OK, piece), (read.Status, text ? read.Body : TextOf(read.Messages)));
            Assert.True(read is { IsUpToDate: true, IsClosed: false, Cursor: not null });
        }

        var last = PollAsync(ana, answer.GenerationId, text, read.NextOffset);
        Assert.False(last.IsCompleted);
        pieces.Writer.Complete();
        // The end is a message of the JSON stream. In the text stream nothing comes any more.
        var (messages, end) = await ToEndAsync(ana, answer.GenerationId, text, await last);
        Assert.Equal(text ? [] : ["done"], messages.Select(TypeOf));
        var closed = await PollAsync(ana, answer.GenerationId, text, end.NextOffset);
        Assert.Equal((HttpStatusCode.NoContent, ""), (closed.Status, closed.Body));
        Assert.True(closed is { IsUpToDate: true, IsClosed: true, Cursor: null, ContentType: null });
        Assert.Equal(end.NextOffset, closed.NextOffset);
    }

    [Fact]
    public async Task AtTheEndOfAFinishedAnswer_IsClosedAtOnce()
    {
        using var ana = server.NewUser();
        var generation = (await ana.AnsweredAsync("#script tokens=3 delay=0")).GenerationId;
        var tail = (await ana.ReadStreamAsync(PathOf(generation))).NextOffset;
        foreach (var text in (bool[])[false, true])
        {
            foreach (var offset in (string[])[tail, "now"])
            {
                var read = await PollAsync(ana, generation, text, offset);
                Assert.Equal((HttpStatusCode.NoContent, "", tail), (read.Status, read.Body, read.NextOffset));
                Assert.True(read is { IsUpToDate: true, IsClosed: true, Cursor: null });
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WithoutNewData_TimesOutWithoutABody_AndTheNextOneGoesOnThere(bool text)
    {
        await using var own = await ParleyServer.StartAsync(("Streams:LongPoll", "00:00:00.2"));
        using var ana = own.NewUser();
        var (generation, _) = await ana.StallAsync();
        var tail = (await ana.ReadStreamAsync(PathOf(generation))).NextOffset;
        var timedOut = await PollAsync(ana, generation, text, tail);
        Assert.Equal((HttpStatusCode.NoContent, "", tail), (timedOut.Status, timedOut.Body, timedOut.NextOffset));
        Assert.True(timedOut is { IsUpToDate: true, IsClosed: false, Cursor: not null, ContentType: null, CacheControl: "no-store" });
        var again = await PollAsync(ana, generation, text, tail, timedOut.Cursor);
        Assert.Equal(HttpStatusCode.NoContent, again.Status);
        Assert.True(Number(again.Cursor) > Number(timedOut.Cursor), "the cursor moves on");
        await ana.StopAsync(generation);
    }

    [Fact]
    public async Task Cursor_IsThatOfTheInterval_ForAllReadersAlike()
    {
        using var ana = server.NewUser();
        var (generation, _) = await ana.StallAsync();
        // Readers that poll at the same time get the same cursor, so that a cache can answer all of them with one response.
        foreach (var cursor in (string?[])[null, "0", "12", "", "x", "-1", "1234567890123456"])
        {
            var before = Interval();
            var read = await PollAsync(ana, generation, false, "-1", cursor);
            Assert.InRange(Number(read.Cursor), before, Interval());
        }

        await ana.StopAsync(generation);
    }

    [Fact]
    public async Task Cursor_ThatIsNotOlderThanTheInterval_MovesOn()
    {
        using var ana = server.NewUser();
        var (generation, _) = await ana.StallAsync();
        foreach (var sent in (long[])[Interval() + 1, Interval() + 1000, 999_999_999_999_999])
        {
            var read = await PollAsync(ana, generation, false, "-1", sent.ToString(CultureInfo.InvariantCulture));
            Assert.InRange(Number(read.Cursor), sent + 1, sent + 181);
        }

        await ana.StopAsync(generation);
    }

    [Fact]
    public async Task Stop_DuringTheWait_IsReturnedToTheReader()
    {
        using var ana = server.NewUser();
        var (generation, _) = await ana.StallAsync();
        var tail = (await ana.ReadStreamAsync(PathOf(generation))).NextOffset;
        var waiting = PollAsync(ana, generation, false, tail);
        Assert.False(waiting.IsCompleted);
        await ana.StopAsync(generation);
        var (messages, read) = await ToEndAsync(ana, generation, false, await waiting);
        Assert.Equal("stopped", Assert.Single(messages).GetProperty("finishReason").GetString());
        Assert.True(read is { IsUpToDate: true, IsClosed: true, Cursor: null });
    }

    [Fact]
    public async Task ReaderThatOnlyPolls_GetsTheWholeAnswer()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=30 delay=10");
        await answer.UntilAsync("typing");
        var (text, offset, cursor) = ("", "-1", (string?)null);
        DurableRead read;
        do
        {
            read = await PollAsync(ana, answer.GenerationId, true, offset, cursor);
            (text, offset, cursor) = (text + read.Body, read.NextOffset, read.Cursor);
        } while (!read.IsClosed);

        await answer.ToEndAsync();
        Assert.Equal(answer.Text, text);
        Assert.Equal((await ana.ReadStreamAsync(PathOf(answer.GenerationId))).NextOffset, offset);
    }

    [Fact]
    public async Task ServerThatStops_ReleasesItsReaders()
    {
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        var (generation, _) = await ana.StallAsync();
        // Once this reader has its first control event the long-poll before it on the same route is being served, too.
        var waiting = PollAsync(ana, generation, false, "now");
        await using var live = await ana.LiveAsync(generation, false);
        await live.NextAsync();
        await own.StopAsync();
        try
        {
            Assert.False((await waiting).IsClosed); // it comes back, and the next server answers it
        }
        catch (HttpRequestException)
        {
            // The connection was not accepted any more.
        }
    }

    private static Task<DurableRead> PollAsync(TestUser user, string generation, bool text, string offset, string? cursor = null) =>
        user.ReadStreamAsync($"{PathOf(generation, text)}?offset={offset}&live=long-poll{(cursor is null ? "" : $"&cursor={cursor}")}");

    /// <summary>Polls on until the stream is closed. A response may be empty: not every entry of the log is a message.</summary>
    private static async Task<(List<JsonElement> Messages, DurableRead Last)> ToEndAsync(
        TestUser user,
        string generation,
        bool text,
        DurableRead read
    )
    {
        List<JsonElement> messages = [];
        while (true)
        {
            if (read.Status == HttpStatusCode.OK && !text)
            {
                messages.AddRange(read.Messages);
            }

            Assert.True(!text || read.Body.Length == 0, read.Body);
            if (read.IsClosed)
            {
                return (messages, read);
            }

            read = await PollAsync(user, generation, text, read.NextOffset);
        }
    }

    private static long Interval() => (TimeProvider.System.GetUtcNow() - CursorEpoch).Ticks / TimeSpan.FromSeconds(20).Ticks;

    private static long Number(string? cursor) => long.Parse(cursor!, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>A model that sends each piece when the test writes it, and ends when the test completes the channel.</summary>
    private static Task<Upstream> SendingAsync(Channel<string> pieces) =>
        Upstream.StartAsync(
            async (_, response) =>
            {
                await foreach (var piece in pieces.Reader.ReadAllAsync(response.HttpContext.RequestAborted))
                {
                    await Upstream.SendAsync(response, $$$"""{"choices":[{"index":0,"delta":{"content":"{{{piece}}}"}}]}""");
                }

                await Upstream.SendAsync(response, """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""");
                await Upstream.SendAsync(response, "[DONE]");
            }
        );
}
