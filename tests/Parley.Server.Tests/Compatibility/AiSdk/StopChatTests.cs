using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.AiSdk;

/// <summary><c>POST …/{id}/stop</c>: stops the answer, which disconnecting does not.</summary>
public sealed class StopChatTests(ParleyServer server)
{
    private const string Endless = "#script tokens=100000 delay=5";

    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/api/v1/chat")]
    public async Task Stop_RunningAnswer_EndsItForEveryReader(string api)
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana, api: api);
        await using var first = await chat.SubmitAsync(Endless);
        var seen = await first.UntilTextAsync();
        await using var watching = await ana.OpenAsync("ui", "GET", $"{api}/{chat.Id}/stream");
        await using var native = await ana.FollowAsync(first.GenerationId);
        var stopped = await ana.JsonAsync("POST", $"{api}/{chat.Id}/stop");
        Assert.Equal(
            (true, first.GenerationId),
            (stopped.GetProperty("stopped").GetBoolean(), stopped.GetProperty("generationId").GetString())
        );
        foreach (var stream in new[] { first, watching })
        {
            var read = await stream.ToEndAsync();
            Assert.Equal((true, true, null), (read.IsAborted, read.IsComplete, read.Error));
            Assert.Equal("{\"type\":\"abort\"}", read.Events[^1].ToString());
            Assert.StartsWith(seen.Text, read.Text, StringComparison.Ordinal);
        }

        Assert.Equal("stopped", (await native.UntilAsync("done"))["finishReason"]);
        var message = await ana.GetAsync($"/api/v1/messages/{seen.MessageId}");
        Assert.Equal("stopped", message.GetProperty("status").GetString());
        Assert.Equal((await first.NowAsync()).Text, message.GetProperty("content").GetString());
        Assert.Equal("False", (await ana.JsonAsync("POST", $"{api}/{chat.Id}/stop")).GetProperty("stopped").ToString());
    }

    [Fact]
    public async Task Stop_AsTheAiSdk4ClientSeesIt_IsAnEndForAnotherReason()
    {
        using var ana = server.NewUser();
        var chat = new DataChat(ana);
        await using var stream = await chat.AppendAsync(Endless);
        await stream.UntilTextAsync();
        await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop");
        var read = await stream.ToEndAsync();
        Assert.Equal((true, true, null), (read.IsComplete, read.IsAborted, read.Error));
    }

    [Fact]
    public async Task Stop_NothingIsWritten_SaysSo()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await chat.AnsweredAsync("#script tokens=1 delay=0");
        foreach (var body in new[] { null, "{}", """{"activeStreamId":"x"}""", "garbage" })
        {
            // Apps send various bodies, which are ignored.
            var stopped = await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop", body);
            Assert.Equal(("False", false), (stopped.GetProperty("stopped").ToString(), stopped.TryGetProperty("generationId", out _)));
        }
    }

    [Fact]
    public async Task Stop_OfAnotherUser_Is404AndTheAnswerContinues()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        var chat = new UiChat(ana);
        await using var stream = await chat.SubmitAsync(Endless);
        await stream.UntilTextAsync();
        foreach (var id in new[] { chat.Id, stream.ConversationId, stream.GenerationId, "unknown" })
        {
            await ben.RefusedAsync(404, "not_found", "POST", $"/api/chat/{id}/stop");
        }

        Assert.Equal("running", (await ana.GetAsync($"/api/v1/generations/{stream.GenerationId}")).GetProperty("status").GetString());
        await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop");
    }

    [Fact]
    public async Task Leave_TheReaderAlone_StopsNothing()
    {
        // useChat's own stop() is no more than that.
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using (var left = await chat.SubmitAsync("#script tokens=200 delay=5"))
        {
            await left.UntilTextAsync();
        }

        var rest = await ana.ReadAsync("ui", "GET", $"/api/chat/{chat.Id}/stream");
        Assert.Equal(
            (true, false, (await ana.AnsweredAsync("#script tokens=200 delay=0")).Text),
            (rest.IsComplete, rest.IsAborted, rest.Text)
        );
    }
}
