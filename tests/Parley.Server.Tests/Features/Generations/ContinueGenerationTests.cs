using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Generations;

/// <summary><c>POST /api/v1/generations/{id}/continue</c>: continues an answer that ended early.</summary>
public sealed class ContinueGenerationTests(ParleyServer server)
{
    [Fact]
    public async Task Continue_Failed_BeginsWithTheKeptTextAndGoesOnInTheSameSentence()
    {
        using var ana = server.NewUser();
        var whole = await ana.AnsweredAsync("#script tokens=20 delay=0");
        var failed = await ana.AnsweredAsync("#script tokens=20 error-after=8 delay=0");
        Assert.Equal(("error", true), (failed.Last.Type, whole.Text.StartsWith(failed.Text, StringComparison.Ordinal)));
        Assert.NotEmpty(failed.Text);

        await using var stream = await ana.StreamAsync("POST", $"/api/v1/generations/{failed.GenerationId}/continue");
        var continued = Answer.Of(await stream.ToEndAsync());
        var seam = continued.Events.ToList().FindIndex(next => next.Type == "seam");
        Assert.Equal(("continued", "demo/scripted"), (continued.Events[seam]["reason"], continued.Events[seam]["model"]));
        Assert.Equal(failed.Text, EventStream.TextOf(continued.Events.Take(seam)));
        Assert.Equal((whole.Text, "done"), (continued.Text, continued.Last.Type));

        var message = await ana.GetAsync($"/api/v1/messages/{continued.MessageId}");
        Assert.Equal(whole.Text, message.GetProperty("content").GetString());
        Assert.Equal(
            [failed.MessageId, continued.MessageId],
            message.GetProperty("siblings").EnumerateArray().Select(id => id.GetString())
        );
        Assert.Equal(
            ["text", "seam", "text"],
            message.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("type").GetString())
        );
        Assert.Equal(failed.Text, (await ana.GetAsync($"/api/v1/messages/{failed.MessageId}")).GetProperty("content").GetString());
    }

    [Fact]
    public async Task Continue_FromEveryIdOfItsStream_JoinsToTheWhole()
    {
        using var ana = server.NewUser();
        var failed = await ana.AnsweredAsync("#script tokens=12 reasoning=2 error-after=5 delay=0");
        await using var stream = await ana.StreamAsync("POST", $"/api/v1/generations/{failed.GenerationId}/continue");
        var continued = Answer.Of(await stream.ToEndAsync());
        for (var i = 2; i < continued.Events.Count - 1; i++)
        {
            await using var rest = await ana.FollowAsync(continued.GenerationId, continued.Events[i].Position);
            await rest.ToEndAsync();
            Assert.Equal(continued.Text, EventStream.TextOf(continued.Events.Take(i + 1)) + rest.Text);
        }
    }

    [Fact]
    public async Task Continue_Stopped_GoesOnFromWhatWasSeen()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=40 delay=10");
        var seen = await answer.UntilAsync("token", 3);
        var shown = answer.Text;
        await answer.UntilAsync("token", 5);
        await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop", new { position = seen.Position });
        var continued = await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/continue", new { stream = false });
        var whole = await ana.AnsweredAsync("#script tokens=40 delay=0");
        Assert.Equal(whole.Text, continued.GetProperty("content").GetString());
        var parts = (await ana.GetAsync($"/api/v1/messages/{continued.GetProperty("messageId").GetString()}"))
            .GetProperty("parts")
            .EnumerateArray()
            .ToList();
        Assert.Equal(shown, parts[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Continue_FromAPositionInsideACompleteAnswer_Forks()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=12 delay=3");
        var at = answer.Events.Where(next => next.Type == "token").ElementAt(1);
        var forked = await ana.JsonAsync(
            "POST",
            $"/api/v1/generations/{answer.GenerationId}/continue",
            new { stream = false, position = at.Position }
        );
        Assert.Equal(answer.Text, forked.GetProperty("content").GetString());
        var anew = await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/continue", new { stream = false, position = 0 });
        Assert.Equal(answer.Text, anew.GetProperty("content").GetString());
    }

    [Fact]
    public async Task Continue_TwiceInARow_KeepsEverything()
    {
        using var ana = server.NewUser();
        var whole = await ana.AnsweredAsync("#script tokens=30 delay=0");
        await using var answer = await ana.AskAsync("#script tokens=30 delay=15");
        var generation = answer.GenerationId;
        await answer.UntilAsync("token", 3);
        await ana.JsonAsync("POST", $"/api/v1/generations/{generation}/stop");
        await using var second = await ana.StreamAsync("POST", $"/api/v1/generations/{generation}/continue");
        await second.UntilAsync("seam");
        await second.UntilAsync("token", 3);
        await ana.JsonAsync("POST", $"/api/v1/generations/{second.GenerationId}/stop");
        await using var third = await ana.StreamAsync("POST", $"/api/v1/generations/{second.GenerationId}/continue");
        await third.ToEndAsync();
        Assert.Equal((whole.Text, 2), (third.Text, third.Events.Count(next => next.Type == "seam")));
    }

    [Fact]
    public async Task Continue_EndedByLength_IsAllowedAndOneThatIsCompleteIsNot()
    {
        await using var upstream = await Upstream.SayingAsync("length", "One", " two");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        var cut = await ana.AnsweredAsync("x", model: "up/m");
        Assert.Equal("length", cut.Last["finishReason"]);
        var continued = await ana.JsonAsync("POST", $"/api/v1/generations/{cut.GenerationId}/continue", new { stream = false });
        Assert.Equal("One twoOne two", continued.GetProperty("content").GetString());

        var complete = await ana.AnsweredAsync("#script tokens=2 delay=0");
        await ana.RefusedAsync(409, "answer_complete", "POST", $"/api/v1/generations/{complete.GenerationId}/continue");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(100000)]
    [InlineData(long.MaxValue)]
    public async Task Continue_NotAPositionOfTheAnswer_Is400(long position)
    {
        using var ana = server.NewUser();
        var failed = await ana.AnsweredAsync("#script tokens=9 error-after=4 delay=0");
        await ana.RefusedAsync(400, "invalid_position", "POST", $"/api/v1/generations/{failed.GenerationId}/continue", new { position });
    }
}
