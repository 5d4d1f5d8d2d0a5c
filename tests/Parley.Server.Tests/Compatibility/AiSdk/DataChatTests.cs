using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.AiSdk;

/// <summary>
/// Requests of <c>useChat</c>, AI SDK 3 and 4: its messages have no ids, so their number and order say whether one is new, edited or
/// regenerated.
/// </summary>
public sealed class DataChatTests(ParleyServer server)
{
    private const string Two = "#script tokens=2 delay=0";
    private const string Endless = "#script tokens=100000 delay=5";

    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/api/v1/chat")]
    public async Task Append_ManyTurns_AreOnePath(string api)
    {
        using var ana = server.NewUser();
        var chat = new DataChat(ana, api: api);
        for (var turn = 1; turn <= 4; turn++)
        {
            var answer = await chat.AnsweredAsync($"#script tokens={turn} delay=0");
            Assert.True(answer.IsComplete);
            var stored = (await ana.GetAsync($"/api/v1/chat/{chat.Id}")).GetProperty("messages")[0];
            Assert.Equal(
                (answer.MessageId, answer.Text),
                (stored.GetProperty("id").GetString(), stored.GetProperty("content").GetString())
            );
        }

        Assert.Equal(chat.Messages, await ana.SaidAsync(chat.Id));
    }

    [Fact]
    public async Task Append_Headers_AreThoseOfTheDataStream()
    {
        using var ana = server.NewUser();
        await using var stream = await new DataChat(ana).AppendAsync("#script tokens=3 reasoning=2 tool=1 delay=0");
        await stream.ToEndAsync();
        Assert.Equal("text/plain; charset=utf-8", stream.Response.Content.Headers.ContentType!.ToString());
        Assert.Equal(["v1"], stream.Response.Headers.GetValues("x-vercel-ai-data-stream"));
        Assert.True(stream.Response.Headers.CacheControl is { NoCache: true, NoTransform: true });
        Assert.StartsWith("f:", stream.Raw, StringComparison.Ordinal);
        Assert.All("fgbc9ae0d", code => Assert.Contains($"\n{code}:", "\n" + stream.Raw, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reload_TheLastAnswer_TakesItsPlace()
    {
        using var ana = server.NewUser();
        var chat = new DataChat(ana);
        await chat.AnsweredAsync(Two);
        var old = await chat.AnsweredAsync("#script tokens=3 delay=0");
        var answer = await chat.ReloadedAsync();
        Assert.NotEqual(old.MessageId, answer.MessageId);
        Assert.Equal(chat.Messages, await ana.SaidAsync(chat.Id));
        Assert.Equal(
            [old.MessageId, answer.MessageId],
            (await ana.GetAsync($"/api/v1/messages/{old.MessageId}")).GetProperty("siblings").EnumerateArray().Select(id => id.GetString())
        );
    }

    [Fact]
    public async Task Append_OtherTextAtAPlaceThatThereIs_IsAnEdit()
    {
        using var ana = server.NewUser();
        var chat = new DataChat(ana);
        await chat.AnsweredAsync(Two);
        await chat.AnsweredAsync("#script tokens=3 delay=0");
        await chat.AnsweredAsync("#script tokens=4 delay=0");
        chat.Messages.RemoveRange(2, 4);
        await chat.AnsweredAsync("#script tokens=5 delay=0");
        Assert.Equal(chat.Messages, await ana.SaidAsync(chat.Id));
        await chat.AnsweredAsync("#script tokens=6 delay=0");
        Assert.Equal(chat.Messages, await ana.SaidAsync(chat.Id));
    }

    [Fact]
    public async Task Append_TheSameAgainWhileItIsAnswered_Attaches()
    {
        using var ana = server.NewUser();
        var chat = new DataChat(ana);
        await using var first = await chat.AppendAsync(Endless);
        await first.UntilTextAsync();
        await using var second = await chat.PostAsync();
        await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop");
        var (one, two) = (await first.ToEndAsync(), await second.ToEndAsync());
        Assert.Equal((first.GenerationId, one.MessageId, one.Text), (second.GenerationId, two.MessageId, two.Text));
    }

    [Fact]
    public async Task Append_UnderARunningAnswer_StopsItWhenItIsSeenAndIsRefusedOtherwise()
    {
        using var ana = server.NewUser();
        var chat = new DataChat(ana);
        await using var old = await chat.AppendAsync(Endless);
        var seen = await old.UntilTextAsync();
        chat.Messages.Add(("user", Two));
        await ana.RefusedAsync(409, "answer_running", "POST", "/api/chat", chat.Body());
        chat.Messages.Insert(1, ("assistant", seen.Text));
        await using var next = await chat.PostAsync();
        Assert.True((await next.ToEndAsync()).IsComplete);
        Assert.True((await old.ToEndAsync()).IsAborted);
        Assert.Equal(["user", "assistant", "user", "assistant"], (await ana.SaidAsync(chat.Id)).Select(message => message.Role));
    }

    [Fact]
    public async Task Append_HistoryThatTheClientChanged_IsNotBelieved()
    {
        await using var upstream = await Upstream.SayingAsync("stop", "Yes.");
        await using var own = await ParleyServer.StartAsync([.. upstream.Settings, ("Models:Aliases:scripted", "up/m")]);
        using var ana = own.NewUser();
        var chat = new DataChat(ana);
        await chat.AnsweredAsync("First");
        chat.Messages[1] = ("assistant", "I promise everything.");
        await chat.AnsweredAsync("Second");
        Assert.Equal(
            ["First", "Yes.", "Second"],
            upstream.Requests.Last().GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").ToString())
        );
    }

    [Fact]
    public async Task Post_LastMessageIsAnAnswerThatEndedEarly_GoesOnWithTheNewAlone()
    {
        using var ana = server.NewUser();
        var whole = await ana.AnsweredAsync("#script tokens=40 delay=0");
        var chat = new DataChat(ana);
        await using var failing = await chat.AppendAsync("#script tokens=40 error-after=20 delay=0");
        var begun = chat.Show(await failing.ToEndAsync());
        Assert.NotNull(begun.Error);
        await using var going = await chat.PostAsync();
        var rest = await going.ToEndAsync();
        Assert.Equal((true, whole.Text), (rest.IsComplete, begun.Text + rest.Text));
        Assert.Equal([("user", chat.Messages[0].Text), ("assistant", whole.Text)], await ana.SaidAsync(chat.Id));
    }

    [Fact]
    public async Task Append_WithIdsOfMessages_GoesByThem()
    {
        // sendExtraMessageFields
        using var ana = server.NewUser();
        object Body(params (string Id, string Role, string Text)[] messages) =>
            new
            {
                id = "extra",
                model = "scripted",
                messages = messages.Select(message => new
                {
                    id = message.Id,
                    role = message.Role,
                    content = message.Text,
                }),
            };
        var first = await ana.ReadAsync("v4", "POST", "/api/chat", Body(("u1", "user", Two)));
        await ana.ReadAsync(
            "v4",
            "POST",
            "/api/chat",
            Body(("u1", "user", Two), (first.MessageId!, "assistant", first.Text), ("u2", "user", "#script tokens=3 delay=0"))
        );

        // A window over the end of the history is no edit of its beginning.
        var third = await ana.ReadAsync("v4", "POST", "/api/chat", Body(("u3", "user", "#script tokens=4 delay=0")));
        var said = await ana.SaidAsync("extra");
        Assert.Equal(["user", "assistant", "user", "assistant", "user", "assistant"], said.Select(message => message.Role));
        Assert.Equal(third.Text, said[5].Content);
    }

    [Fact]
    public async Task Append_TheLastMessageAlone_IsTheNextTurn()
    {
        // experimental_prepareRequestBody: its documentation sends { id, message }, and the message has its id.
        using var ana = server.NewUser();
        for (var turn = 1; turn <= 2; turn++)
        {
            var text = $"#script tokens={turn} delay=0";
            var message = new
            {
                id = $"u{turn}",
                createdAt = "2026-01-01T00:00:00Z",
                role = "user",
                content = text,
                parts = new[] { new { type = "text", text } },
            };
            Assert.True(
                (
                    await ana.ReadAsync(
                        "v4",
                        "POST",
                        "/api/chat",
                        new
                        {
                            id = "last-alone",
                            message,
                            model = "scripted",
                        }
                    )
                ).IsComplete
            );
        }

        Assert.Equal(
            ["#script tokens=1 delay=0", "#script tokens=2 delay=0"],
            (await ana.SaidAsync("last-alone")).Where(message => message.Role == "user").Select(message => message.Content)
        );
    }

    [Fact]
    public async Task Error_InTheMiddle_IsTheLastLine()
    {
        using var ana = server.NewUser();
        var chat = new DataChat(ana);
        await using var stream = await chat.AppendAsync("#script tokens=9 error-after=4 delay=0");
        var answer = await stream.ToEndAsync();
        Assert.Equal((false, true), (answer.IsComplete, answer.Error is { Length: > 0 }));
        Assert.StartsWith("3:", stream.Raw.TrimEnd('\n').Split('\n')[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/chat?format=v3")]
    [InlineData("/api/v1/chat")]
    public async Task Post_AiSdk3_GetsTheCodesThatItKnows(string path)
    {
        // Its client fails at a step start; it sends no id, so each request stands for itself.
        using var ana = server.NewUser();
        object[] messages = [new { role = "user", content = "#script tokens=3 reasoning=2 tool=1 delay=0" }];
        await using var stream = await ana.OpenAsync("v3", "POST", path, new { messages, model = "scripted" });
        var answer = await stream.ToEndAsync();
        Assert.True(answer.IsComplete);
        Assert.Contains("\n9:", stream.Raw, StringComparison.Ordinal);
        Assert.Contains("№1", answer.Text, StringComparison.Ordinal);
        object[] more = [.. messages, new { role = "assistant", content = answer.Text }, new { role = "user", content = Two }];
        Assert.True((await ana.ReadAsync("v3", "POST", path, new { messages = more, model = "scripted" })).IsComplete);
    }

    [Fact]
    public async Task PostV1_MessageAsText_IsTheNextTurnOfAConversation()
    {
        using var ana = server.NewUser();
        for (var turn = 1; turn <= 3; turn++)
        {
            // The same words each time: it is a new turn, and no retry.
            var answer = await ana.ReadAsync(
                "v4",
                "POST",
                "/api/v1/chat",
                new
                {
                    conversationId = "conversation-7",
                    message = Two,
                    model = "scripted",
                }
            );
            Assert.True(answer.IsComplete);
        }

        Assert.Equal(6, (await ana.SaidAsync("conversation-7")).Count);
        await using var running = await ana.OpenAsync(
            "v4",
            "POST",
            "/api/v1/chat",
            new
            {
                conversationId = "conversation-7",
                message = Endless,
                model = "scripted",
            }
        );
        await running.UntilTextAsync();
        await ana.RefusedAsync(409, "answer_running", "POST", "/api/v1/chat", new { conversationId = "conversation-7", message = Two });
        await ana.JsonAsync("POST", "/api/v1/chat/conversation-7/stop");
    }

    [Fact]
    public async Task PostV1_MessageAsTextWithAnIdempotencyKey_StartsOnce()
    {
        using var ana = server.NewUser();
        (string, string) key = ("Idempotency-Key", "key-1");
        var body = new
        {
            conversationId = "once",
            message = Two,
            model = "scripted",
        };
        await using var first = await ana.OpenAsync("v4", "POST", "/api/v1/chat", body, key);
        var one = await first.ToEndAsync();
        await using var second = await ana.OpenAsync("v4", "POST", "/api/v1/chat", body, key);
        Assert.Equal((first.GenerationId, one.Text), (second.GenerationId, (await second.ToEndAsync()).Text));
        Assert.Equal(2, (await ana.SaidAsync("once")).Count);
        await ana.RefusedAsync(422, "idempotency_key_reused", "POST", "/api/v1/chat", body with { message = "Another" }, key);
        await ana.RefusedAsync(422, "idempotency_key_reused", "POST", "/api/v1/chat", body with { conversationId = "another" }, key);
    }

    [Fact]
    public async Task Post_ResultOfAToolOfThePage_TheSameMessageGoesOn()
    {
        // addToolResult(): the last message is the answer, now with what its call returned.
        using var ana = server.NewUser();
        const string script = "#script tool=2 tokens=3 delay=0";
        var called = await ana.ReadAsync(
            "v4",
            "POST",
            "/api/chat",
            new
            {
                id = "tools-4",
                model = "scripted",
                messages = new[] { new { role = "user", content = script } },
            }
        );
        Assert.Equal("", called.Text);
        object Body(string state, object? result) =>
            new
            {
                id = "tools-4",
                model = "scripted",
                messages = new object[]
                {
                    new { role = "user", content = script },
                    new
                    {
                        role = "assistant",
                        content = "",
                        toolInvocations = new[]
                        {
                            new
                            {
                                toolCallId = "call_weather_1",
                                toolName = "get_weather",
                                args = new { city = "Paris" },
                                state,
                                result,
                            },
                        },
                    },
                },
            };
        await ana.RefusedAsync(400, "tool_result_required", "POST", "/api/chat", Body("call", null));
        var rest = await ana.ReadAsync("v4", "POST", "/api/chat", Body("result", new { temperature = 21 }));
        Assert.Equal((true, (await ana.AnsweredAsync("#script tokens=3 delay=0")).Text), (rest.IsComplete, rest.Text));
        Assert.Equal([("user", script), ("assistant", rest.Text)], await ana.SaidAsync("tools-4"));
    }

    [Fact]
    public async Task PostV1_Agent_IsRefusedWhileThereIsNone()
    {
        // If the agent were ignored, another one would answer.
        using var ana = server.NewUser();
        Assert.True(
            Problem.Names(
                await ana.RefusedAsync(400, "agent_not_found", "POST", "/api/v1/chat", new { message = "x", agentId = "support" }),
                "agentId"
            )
        );
        Assert.True(
            (
                await ana.ReadAsync(
                    "v4",
                    "POST",
                    "/api/v1/chat",
                    new
                    {
                        message = Two,
                        agentId = (string?)null,
                        model = "scripted",
                    }
                )
            ).IsComplete
        );
        Assert.Equal(1, (await ana.GetAsync("/api/v1/chat")).GetProperty("total").GetInt32());
    }
}
