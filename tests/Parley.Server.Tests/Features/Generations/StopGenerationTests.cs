using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Generations;

/// <summary><c>POST /api/v1/generations/{id}/stop</c>.</summary>
public sealed class StopGenerationTests(ParleyServer server)
{
    private const string Endless = "#script tokens=100000 delay=5";

    [Fact]
    public async Task Stop_AtWhatWasSeen_KeepsTheRestButShowsOnlyThat()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync(Endless);
        var seen = await answer.UntilAsync("token", 3);
        var shown = answer.Text;
        await answer.UntilAsync("token", 8);
        var stopped = await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop", new { position = seen.Position });
        var done = await answer.UntilAsync("done");

        Assert.Equal(
            ("stopped", "stopped", seen.Position),
            (
                stopped.GetProperty("status").GetString(),
                stopped.GetProperty("finishReason").GetString(),
                stopped.GetProperty("stoppedAt").GetInt64()
            )
        );
        Assert.Equal(("stopped", seen.Id), (done["finishReason"], done["stoppedAt"]));
        Assert.True(answer.Text.Length > shown.Length);
        var message = await ana.GetAsync($"/api/v1/messages/{answer.Events[0]["messageId"]}");
        Assert.Equal(
            (shown, "stopped", seen.Position),
            (
                message.GetProperty("content").GetString(),
                message.GetProperty("status").GetString(),
                message.GetProperty("stoppedAt").GetInt64()
            )
        );
        Assert.Equal(done.Position, message.GetProperty("position").GetInt64());
        var conversation = await ana.GetAsync($"/api/v1/conversations/{answer.ConversationId}");
        Assert.Equal(shown.Trim(), conversation.GetProperty("lastMessagePreview").GetString());
        Assert.Empty(conversation.GetProperty("running").EnumerateArray());
    }

    [Fact]
    public async Task Stop_WithoutAPosition_ShowsAllThatCame()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync(Endless);
        await answer.UntilAsync("token", 2);
        var stopped = await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop", "{}");
        var done = await answer.UntilAsync("done");
        Assert.False(stopped.TryGetProperty("stoppedAt", out _));
        Assert.Null(done["stoppedAt"]);
        Assert.Equal(
            answer.Text,
            (await ana.GetAsync($"/api/v1/messages/{answer.Events[0]["messageId"]}")).GetProperty("content").GetString()
        );
    }

    [Fact]
    public async Task Stop_BeforeTheModelAnswered_EndsAtOnce()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script first=600000");
        var stopped = await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop", new { position = 0 });
        Assert.Equal("stopped", stopped.GetProperty("status").GetString());
        Assert.Equal("stopped", (await answer.UntilAsync("done"))["finishReason"]);
    }

    [Fact]
    public async Task Stop_FromAnotherDevice_EndsTheStreamOfTheFirst()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync(Endless);
        var token = await answer.UntilAsync("token");
        using var phone = ana.OnOtherDevice();
        await using var watching = await phone.FollowAsync(answer.GenerationId);
        while ((await watching.UntilAsync("token")).Position == token.Position) { }

        await phone.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop", new { position = token.Position });
        Assert.Equal("stopped", (await answer.UntilAsync("done"))["finishReason"]);
        Assert.Equal(token.Id, (await watching.UntilAsync("done"))["stoppedAt"]);
    }

    [Fact]
    public async Task Stop_WhatHasEnded_AnswersItAsItIs()
    {
        using var ana = server.NewUser();
        var finished = await ana.AnsweredAsync("#script tokens=2 delay=0");
        var before = await ana.GetAsync($"/api/v1/generations/{finished.GenerationId}");
        var after = await ana.JsonAsync("POST", $"/api/v1/generations/{finished.GenerationId}/stop", new { position = 1 });
        Assert.Equal(before.ToString(), after.ToString());

        await using var answer = await ana.AskAsync(Endless);
        var first = await answer.UntilAsync("token", 2);
        await answer.UntilAsync("token", 5);
        var one = await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop", new { position = first.Position });
        var two = await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop", new { position = 1 });
        Assert.Equal(one.ToString(), two.ToString());
    }

    [Fact]
    public async Task Stop_ManyAtOnce_OneCounts()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync(Endless);
        await answer.UntilAsync("token", 4);
        var positions = answer.Events.Where(next => next.Type == "token").Select(next => next.Position).ToList();
        var stops = await Task.WhenAll(
            positions
                .Concat(positions)
                .Select(position => ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop", new { position }))
        );
        Assert.Single(stops.Select(stop => stop.ToString()).Distinct());
    }

    [Fact]
    public async Task Stop_NotAPositionOfTheAnswer_Is400AndItRunsOn()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=100000 delay=20");
        await answer.UntilAsync("token", 3);
        foreach (var position in new object[] { -1, long.MaxValue, 2 }) // "№1" begins at 1: 2 is inside its first character
        {
            await ana.RefusedAsync(400, "invalid_position", "POST", $"/api/v1/generations/{answer.GenerationId}/stop", new { position });
        }

        Assert.Equal("running", (await ana.GetAsync($"/api/v1/generations/{answer.GenerationId}")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Stop_TheNextQuestion_TellsTheModelOnlyWhatWasSeen()
    {
        await using var upstream = await Upstream.StartAsync(
            async (request, response) =>
            {
                for (var i = 0; i < 1000 && !response.HttpContext.RequestAborted.IsCancellationRequested; i++)
                {
                    await Upstream.SendAsync(response, $$$"""{"choices":[{"index":0,"delta":{"content":"word{{{i}}} "}}]}""");
                    await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, response.HttpContext.RequestAborted)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        );
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        await using var answer = await ana.AskAsync("count", model: "up/m");
        var seen = await answer.UntilAsync("token");
        var shown = answer.Text;
        await answer.UntilAsync("token", 3);
        await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop", new { position = seen.Position });
        await using var next = await ana.AskAsync("go on", answer.ConversationId, model: "up/m");
        await next.UntilAsync("token");
        await ana.JsonAsync("POST", $"/api/v1/generations/{next.GenerationId}/stop");
        var told = upstream
            .Requests.Last()
            .GetProperty("messages")
            .EnumerateArray()
            .Select(message => message.GetProperty("content").ToString())
            .ToList();
        Assert.Equal(["count", shown, "go on"], told);
    }
}
