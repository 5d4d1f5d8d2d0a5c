using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.AiSdk;

/// <summary>
/// <c>GET …/{id}/stream</c> of AI SDK 5 to 7, and <c>GET …?chatId=</c> of AI SDK 4: a reloaded page gets the whole answer that is being
/// written.
/// </summary>
public sealed class ResumeChatTests(ParleyServer server)
{
    private const string Endless = "#script tokens=100000 reasoning=2 tool=1 delay=5";

    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/api/v1/chat")]
    public async Task Resume_RunningAnswer_IsAllOfItUnderTheSameId(string api)
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana, api: api);
        await using var first = await chat.SubmitAsync(Endless);
        await first.UntilTextAsync();
        using var phone = ana.OnOtherDevice();
        await using var second = await phone.OpenAsync("ui", "GET", $"{api}/{chat.Id}/stream");
        Assert.Equal(["v1"], second.Response.Headers.GetValues("x-vercel-ai-ui-message-stream"));
        Assert.Equal((first.GenerationId, first.ConversationId), (second.GenerationId, second.ConversationId));
        await using var byOurId = await phone.OpenAsync("ui", "GET", $"{api}/{first.ConversationId}/stream");
        await ana.JsonAsync("POST", $"{api}/{chat.Id}/stop");
        var all = await first.ToEndAsync();
        foreach (var stream in new[] { second, byOurId })
        {
            var replay = await stream.ToEndAsync();
            Assert.Equal((all.MessageId, all.Text, true), (replay.MessageId, replay.Text, replay.IsComplete));
            Assert.Equal("{\"type\":\"start\",\"messageId\":\"" + all.MessageId + "\"}", replay.Events[0].ToString());
            Assert.Equal(all.Events[^1].ToString(), replay.Events[^1].ToString());
        }
    }

    [Fact]
    public async Task Resume_BeforeTheModelAnswers_IsOpenAndWaits()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using var first = await chat.SubmitAsync("#script first=600000");
        await using var second = await ana.OpenAsync("ui", "GET", $"/api/chat/{chat.Id}/stream");
        var begun = await second.UntilAsync(read => read.MessageId is not null);
        await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop");
        var (one, two) = (await first.ToEndAsync(), await second.ToEndAsync());
        Assert.Equal((one.MessageId, true, true), (begun.MessageId, one.IsAborted, two.IsAborted));
    }

    [Fact]
    public async Task Resume_TwiceAtOnce_HasNoSideEffect()
    {
        // A page in React's strict mode does.
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using var first = await chat.SubmitAsync(Endless);
        await first.UntilTextAsync();
        var streams = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => ana.OpenAsync("ui", "GET", $"/api/chat/{chat.Id}/stream")));
        await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop");
        var all = await first.ToEndAsync();
        Assert.All(await Task.WhenAll(streams.Select(stream => stream.ToEndAsync())), replay =>
            Assert.Equal((all.MessageId, all.Text), (replay.MessageId, replay.Text))
        );
        Assert.Equal(1, server.Tables.Count("generations", "conversation_id = @id", ("@id", first.ConversationId)));
        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task Resume_NothingIsWritten_Is204()
    {
        // Anything else would put a page that has just loaded into an error.
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        using var anonymous = server.NewUser();
        var ended = new UiChat(ana);
        await ended.AnsweredAsync("#script tokens=1 delay=0");
        var running = new UiChat(ana);
        await using var stream = await running.SubmitAsync("#script first=600000");
        foreach (
            var (user, id) in new[]
            {
                (ana, ended.Id),
                (ana, "unknown"),
                (ben, running.Id),
                (ben, stream.ConversationId),
                (anonymous, running.Id),
            }
        )
        {
            foreach (var api in new[] { "/api/chat", "/api/v1/chat" })
            {
                using var response = await user.SendAsync("GET", $"{api}/{id}/stream");
                Assert.Equal(
                    (204, 0),
                    ((int)response.StatusCode, (await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length)
                );
                Assert.False(response.Headers.Contains("Set-Cookie"));
            }
        }

        await ana.JsonAsync("POST", $"/api/chat/{running.Id}/stop");
    }

    [Fact]
    public async Task Resume_ReaderThatComesBackAgainAndAgain_ShowsEveryCharacterOnce()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using var first = await chat.SubmitAsync(Endless);
        var seen = await first.UntilTextAsync();
        var shown = seen.Text;
        for (var i = 0; i < 5; i++)
        {
            await using var again = await ana.OpenAsync("ui", "GET", $"/api/chat/{chat.Id}/stream");
            var now = await again.UntilAsync(read => read.Text.Length > shown.Length);
            Assert.Equal((seen.MessageId, true), (now.MessageId, now.Text.StartsWith(shown, StringComparison.Ordinal)));
            shown = now.Text;
        }

        await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop");
        Assert.StartsWith(shown, (await first.ToEndAsync()).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("native")]
    [InlineData("v4")]
    public async Task Resume_NamedFormat_IsWrittenSo(string format)
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using var first = await chat.SubmitAsync(Endless);
        await first.UntilTextAsync();
        await using var second = await ana.OpenAsync(format, "GET", $"/api/chat/{chat.Id}/stream?format={format}");
        await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop");
        Assert.Equal((await first.ToEndAsync()).Text, (await second.ToEndAsync()).Text);
        await ana.RefusedAsync(400, "unknown_format", "GET", $"/api/chat/{chat.Id}/stream?format=x");
    }

    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/api/v1/chat")]
    public async Task ResumeByQuery_RunningAnswer_IsADataStreamOfAllOfIt(string api)
    {
        using var ana = server.NewUser();
        var chat = new DataChat(ana, api: api);
        await using var first = await chat.AppendAsync(Endless);
        await first.UntilTextAsync();
        await using var second = await ana.OpenAsync("v4", "GET", $"{api}?chatId={chat.Id}");
        Assert.Equal(["v1"], second.Response.Headers.GetValues("x-vercel-ai-data-stream"));
        await ana.JsonAsync("POST", $"{api}/{chat.Id}/stop");
        var (one, two) = (await first.ToEndAsync(), await second.ToEndAsync());
        Assert.Equal((one.MessageId, one.Text, true), (two.MessageId, two.Text, two.IsComplete));
    }

    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/api/v1/chat")]
    public async Task ResumeByQuery_NothingIsWritten_Is200WithoutABody(string api)
    {
        // AI SDK 4 throws at a 204.
        using var ana = server.NewUser();
        var chat = new DataChat(ana, api: api);
        await chat.AnsweredAsync("#script tokens=1 delay=0");
        foreach (var id in new[] { chat.Id, "unknown" })
        {
            using var response = await ana.SendAsync("GET", $"{api}?chatId={id}");
            Assert.Equal(
                (200, ""),
                ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            );
            Assert.Equal(["v1"], response.Headers.GetValues("x-vercel-ai-data-stream"));
        }

        await ana.RefusedAsync(400, "duplicate_parameter", "GET", $"{api}?chatId=a&chatId=b");
        await ana.RefusedAsync(400, "required", "GET", "/api/chat");
    }
}
