using System.Net;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Generations;

/// <summary><c>Idempotency-Key</c>: a retry attaches to the answer that the first request started, and never starts a second one.</summary>
public sealed class IdempotencyTests(ParleyServer server)
{
    [Fact]
    public async Task Key_TwentyAtOnce_StartOneAnswerThatAllFollow()
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ana.AnsweredAsync("#script tokens=30 delay=3", key: "k-1")));
        Assert.Single(answers.Select(answer => answer.GenerationId).Distinct());
        Assert.Single(answers.Select(answer => answer.Text).Distinct());
        var conversation = Assert.Single((await ana.GetAsync("/api/v1/conversations")).GetProperty("items").EnumerateArray());
        Assert.Equal(2, conversation.GetProperty("messageCount").GetInt32());
    }

    [Fact]
    public async Task Key_AfterTheEndAndAfterARestart_StillAttaches()
    {
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        var first = await ana.AnsweredAsync("#script tokens=5 delay=1", key: "once");
        var second = await ana.AnsweredAsync("#script tokens=5 delay=1", key: "once");
        await own.RestartAsync();
        var third = await ana.AnsweredAsync("#script tokens=5 delay=1", key: "\"once\"");
        var json = await ana.JsonAsync(
            "POST",
            "/api/chat",
            new
            {
                message = "#script tokens=5 delay=1",
                model = "scripted",
                stream = false,
            },
            200,
            ("Idempotency-Key", "once")
        );
        Assert.Equal(
            (first.GenerationId, first.GenerationId, first.GenerationId),
            (second.GenerationId, third.GenerationId, json.GetProperty("generationId").GetString())
        );
        Assert.Equal((first.Text, first.Text, first.Last.Id), (third.Text, json.GetProperty("content").GetString(), third.Last.Id));
        Assert.Equal(1, own.Tables.Count("generations"));
    }

    [Fact]
    public async Task Key_AfterARestartInMidAnswer_AttachesToTheAdoptedOne()
    {
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        await using var cut = await ana.AskAsync("#script tokens=80 delay=10", key: "k");
        await cut.UntilAsync("token", 3);
        await own.RestartAsync();
        var answer = await ana.AnsweredAsync("#script tokens=80 delay=10", key: "k");
        var whole = await ana.AnsweredAsync("#script tokens=80 delay=0");
        Assert.Equal((cut.GenerationId, whole.Text), (answer.GenerationId, answer.Text));
    }

    [Fact]
    public async Task Key_WithAnotherBody_Is422AndStartsNothing()
    {
        using var ana = server.NewUser();
        var first = await ana.AnsweredAsync("#script tokens=1 delay=0", key: "k");
        (string, string) key = ("Idempotency-Key", "k");
        await ana.RefusedAsync(
            422,
            "idempotency_key_reused",
            "POST",
            "/api/chat",
            new { message = "#script tokens=2 delay=0", model = "scripted" },
            key
        );
        await ana.RefusedAsync(422, "idempotency_key_reused", "POST", "/api/chat", new { message = "#script tokens=1 delay=0" }, key);
        await ana.RefusedAsync(
            422,
            "idempotency_key_reused",
            "POST",
            "/api/chat",
            new
            {
                message = "#script tokens=1 delay=0",
                model = "scripted",
                conversationId = first.ConversationId,
            },
            key
        );
        await ana.RefusedAsync(422, "idempotency_key_reused", "POST", $"/api/v1/generations/{first.GenerationId}/retry", null, key);
        Assert.Equal(1, (await ana.GetAsync("/api/v1/conversations")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Key_InAConversationWhoseAnswerRuns_AttachesInsteadOf409()
    {
        using var ana = server.NewUser();
        var first = await ana.AnsweredAsync("#script tokens=1 delay=0");
        await using var asked = await ana.AskAsync("#script first=600000", first.ConversationId, key: "k");
        await using var retry = await ana.AskAsync("#script first=600000", first.ConversationId, key: "k");
        Assert.Equal(asked.GenerationId, retry.GenerationId);
        await ana.JsonAsync("POST", $"/api/v1/generations/{asked.GenerationId}/stop");
        Assert.Equal("done", (await retry.UntilAsync("done")).Type);
    }

    [Theory]
    [InlineData("retry")]
    [InlineData("continue")]
    public async Task Key_OnRetryAndContinue_AttachesToo(string operation)
    {
        using var ana = server.NewUser();
        var failed = await ana.AnsweredAsync("#script tokens=9 error-after=3 delay=2");
        var path = $"/api/v1/generations/{failed.GenerationId}/{operation}";
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 10)
                .Select(async _ =>
                {
                    await using var stream = await ana.StreamAsync("POST", path, null, ("Idempotency-Key", operation));
                    return Answer.Of(await stream.ToEndAsync());
                })
        );
        Assert.Single(answers.Select(answer => answer.GenerationId).Distinct());
        Assert.Equal(3, (await ana.GetAsync($"/api/v1/conversations/{failed.ConversationId}")).GetProperty("messageCount").GetInt32());
        await ana.RefusedAsync(422, "idempotency_key_reused", "POST", path, new { model = "demo/parley" }, ("Idempotency-Key", operation));
        await ana.RefusedAsync(
            422,
            "idempotency_key_reused",
            "POST",
            $"/api/v1/generations/{answers[0].GenerationId}/retry",
            null,
            ("Idempotency-Key", operation)
        );
    }

    [Fact]
    public async Task Key_OfAnotherUser_IsAnotherKey()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        var one = await ana.AnsweredAsync("#script tokens=1 delay=0", key: "shared");
        var two = await ben.AnsweredAsync("#script tokens=1 delay=0", key: "shared");
        var other = await ben.AnsweredAsync("#script tokens=1 delay=0", key: "shared");
        Assert.NotEqual(one.GenerationId, two.GenerationId);
        Assert.Equal(two.GenerationId, other.GenerationId);
    }

    [Fact]
    public async Task Key_WhenNoPlaceIsFree_StillAttaches()
    {
        using var ana = server.NewUser();
        List<EventStream> running = [];
        for (var i = 0; i < 16; i++)
        {
            running.Add(await ana.AskAsync("#script first=600000", key: $"k{i}"));
        }

        await using var attached = await ana.AskAsync("#script first=600000", key: "k7");
        Assert.Equal(running[7].GenerationId, attached.GenerationId);
        await ana.RefusedAsync(429, "too_many_answers", "POST", "/api/chat", new { message = "x" }, ("Idempotency-Key", "new"));
        foreach (var stream in running)
        {
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task Key_ThoseWhoAttach_TakeNoPlace()
    {
        using var ana = server.NewUser();
        List<EventStream> following = [];
        for (var i = 0; i < 20; i++)
        {
            following.Add(await ana.AskAsync("#script first=600000", key: "k"));
        }

        await ana.AnsweredAsync("#script tokens=1 delay=0");
        await ana.JsonAsync("POST", $"/api/v1/generations/{following[0].GenerationId}/stop");
        foreach (var stream in following)
        {
            Assert.Equal("stopped", (await stream.UntilAsync("done"))["finishReason"]);
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task Key_ManyDifferentOnesAtOnce_StartOneAnswerEach()
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 48).Select(i => ana.AnsweredAsync($"#script tokens=3 delay=2 no {i % 12}", key: $"k{i % 12}"))
        );
        Assert.All(answers.Select((answer, i) => (answer, i)).GroupBy(pair => pair.i % 12), same =>
            Assert.Single(same.Select(pair => pair.answer.GenerationId).Distinct())
        );
        Assert.Equal(12, (await ana.GetAsync("/api/v1/conversations")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Key_WhoseConversationWasDeleted_NeverStartsAgain()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=1 delay=0", key: "k");
        using (await ana.SendAsync("DELETE", $"/api/v1/conversations/{answer.ConversationId}")) { }
        await ana.RefusedAsync(
            404,
            "not_found",
            "POST",
            "/api/chat",
            new { message = "#script tokens=1 delay=0", model = "scripted" },
            ("Idempotency-Key", "k")
        );
        Assert.Equal(0, (await ana.GetAsync("/api/v1/conversations")).GetProperty("total").GetInt32());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a b")]
    [InlineData("a\tb")]
    [InlineData("schlüssel")]
    [InlineData("\"\"")]
    [InlineData("256")]
    public async Task Key_Malformed_Is400OnEveryStart(string key)
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=2 error-after=1 delay=0");
        if (key == "256")
        {
            key = new string('k', 256);
        }

        foreach (
            var (path, body) in new (string, object?)[]
            {
                ("/api/chat", new { message = "x" }),
                ($"/api/v1/generations/{answer.GenerationId}/retry", null),
                ($"/api/v1/generations/{answer.GenerationId}/continue", null),
            }
        )
        {
            using var response = await ana.SendAsync("POST", path, body, ("Idempotency-Key", key));
            Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{path}: {response.StatusCode}");
        }

        Assert.Equal(1, (await ana.GetAsync("/api/v1/conversations")).GetProperty("total").GetInt32());
    }

    [Theory]
    [InlineData("k")]
    [InlineData("255")]
    [InlineData("!#$%&'()*+,-./:;<=>?@[]^_`{|}~")]
    public async Task Key_AnyVisibleAscii_IsTaken(string key)
    {
        using var ana = server.NewUser();
        if (key == "255")
        {
            key = new string('k', 255);
        }

        var one = await ana.AnsweredAsync("#script tokens=1 delay=0", key: key);
        var two = await ana.AnsweredAsync("#script tokens=1 delay=0", key: key);
        Assert.Equal(one.GenerationId, two.GenerationId);
    }
}
