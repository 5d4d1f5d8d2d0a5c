using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Data.Sql;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.ChatSessions;

/// <summary>Start a chat session, stream its answer, read the history.</summary>
public sealed class ChatSessionTests(ParleyServer server)
{
    private const string Two = "#script tokens=2 delay=0";
    private const string Endless = "#script tokens=100000 delay=5";

    [Theory]
    [InlineData("/chat")]
    [InlineData("/api/chat")]
    public async Task Session_FromStartToHistory(string prefix)
    {
        using var ana = server.NewUser();
        const string prompt = "#script tokens=20 reasoning=2 tool=1 delay=1";
        var started = await ana.JsonAsync("POST", $"{prefix}/start", new { modelId = "scripted", prompt }, 201);
        Assert.Equal(["sessionId", "chatId", "expiresAt"], started.EnumerateObject().Select(member => member.Name));
        Assert.InRange(
            started.GetProperty("expiresAt").GetDateTimeOffset() - TimeProvider.System.GetUtcNow(),
            TimeSpan.FromSeconds(570),
            TimeSpan.FromSeconds(600)
        );

        await using var stream = await ana.StreamAsync("GET", $"{prefix}/stream?sessionId={Member(started, "sessionId")}");
        await stream.ToEndAsync();
        Assert.Equal(["typing", "token", "done"], stream.Events.Select(next => next.Type).Distinct());
        Assert.Equal(
            ("""{"type":"typing"}""", """{"type":"done"}"""),
            (stream.Events[0].Json.ToString(), stream.Events[^1].Json.ToString())
        );
        Assert.All(stream.Events.Where(next => next.Type == "token"), next =>
            Assert.Equal(["type", "content"], next.Json.EnumerateObject().Select(member => member.Name))
        );
        Assert.Equal((await ana.AnsweredAsync(prompt)).Text, stream.Text);

        var history = await ana.GetAsync($"{prefix}/history?chatId={Member(started, "chatId")}");
        Assert.Equal((Member(started, "chatId"), "False"), (Member(history, "chatId"), Member(history, "hasMore")));
        var messages = history.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal(
            [("user", prompt), ("assistant", stream.Text)],
            messages.Select(message => (Member(message, "role"), Member(message, "content")))
        );
        Assert.True(messages[0].GetProperty("createdAt").GetDateTimeOffset() <= messages[1].GetProperty("createdAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task Start_StoresTheMessageBeforeItsAnswerIsRequested()
    {
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        var started = await StartAsync(ana, Two, "conversation-123");
        Assert.Equal([("user", Two)], await ana.SaidAsync("conversation-123"));
        Assert.Equal(0, own.Tables.Count("generations"));
        await own.RestartAsync();
        await using var stream = await ana.StreamAsync("GET", $"/chat/stream?sessionId={started}");
        Assert.Equal([("user", Two), ("assistant", (await stream.ToEndAsync()).Text)], await ana.SaidAsync("conversation-123"));
    }

    [Fact]
    public async Task Start_TheSameChatAgain_GoesOnWithIt()
    {
        // A chat is the thread; each session is one question and its answer.
        await using var upstream = await Upstream.SayingAsync("stop", "Yes.");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        foreach (var prompt in new[] { "First", "Second", "Third" })
        {
            var started = await ana.JsonAsync(
                "POST",
                "/chat/start",
                new
                {
                    modelId = "up/m",
                    prompt,
                    chatId = "conversation-123",
                    projectId = "project-1",
                    taskId = "task-1",
                },
                201
            );
            Assert.Equal("conversation-123", Member(started, "chatId"));
            await using var stream = await ana.StreamAsync("GET", $"/chat/stream?sessionId={Member(started, "sessionId")}");
            Assert.Equal("done", (await stream.ToEndAsync()).Events[^1].Type);
        }

        Assert.Equal(
            [("user", "First"), ("assistant", "Yes."), ("user", "Second"), ("assistant", "Yes."), ("user", "Third"), ("assistant", "Yes.")],
            await ana.SaidAsync("conversation-123")
        );
        Assert.Equal(
            ["First", "Yes.", "Second", "Yes.", "Third"],
            upstream.Requests.Last().GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").ToString())
        );
        Assert.Equal(3, own.Tables.Count("chat_sessions", "project_id = 'project-1' AND task_id = 'task-1'"));
        Assert.Equal("First", Member((await ana.GetAsync("/api/v1/chat/conversation-123")).GetProperty("conversation"), "title"));
    }

    [Theory]
    [InlineData("""{"prompt":"x"}""", "required", "modelId")]
    [InlineData("""{"modelId":"scripted"}""", "text_required", "prompt")]
    [InlineData("""{"modelId":"scripted","prompt":" "}""", "text_required", "prompt")]
    [InlineData("""{"modelId":"gpt-9","prompt":"x"}""", "model_not_found", "modelId")]
    [InlineData("""{"modelId":"scripted","prompt":"x","chatId":"a/b"}""", "invalid_id", "chatId")]
    [InlineData("""{"modelId":"scripted","prompt":"x","userId":"x"}""", "unknown_member", "userId")]
    [InlineData("""{"modelId":"scripted","prompt":5}""", "wrong_type", "prompt")]
    public async Task Start_BadInput_IsRefused(string body, string code, string field)
    {
        using var ana = server.NewUser();
        Assert.True(Problem.Names(await ana.RefusedAsync(400, code, "POST", "/chat/start", body), field));
        foreach (var label in new[] { "projectId", "taskId" })
        {
            Assert.True(
                Problem.Names(
                    await ana.RefusedAsync(
                        400,
                        "too_long",
                        "POST",
                        "/chat/start",
                        $$"""{"modelId":"scripted","prompt":"x","{{label}}":"{{new string('x', 129)}}"}"""
                    ),
                    label
                )
            );
        }

        Assert.Equal(0, (await ana.GetAsync("/api/v1/chat")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Start_WhileTheLastAnswerIsWritten_Is409()
    {
        using var ana = server.NewUser();
        await using var stream = await StreamAsync(ana, await StartAsync(ana, Endless, "busy"));
        await stream.UntilAsync("token");
        await ana.RefusedAsync(
            409,
            "answer_running",
            "POST",
            "/chat/start",
            new
            {
                modelId = "scripted",
                prompt = "x",
                chatId = "busy",
            }
        );
        await ana.JsonAsync("POST", "/api/chat/busy/stop");
        Assert.Equal("done", (await stream.ToEndAsync()).Events[^1].Type); // a stopped answer ends like any other for these clients
        await StartAsync(ana, Two, "busy");
    }

    [Fact]
    public async Task Stream_TwiceAtOnce_StartsOneAnswer()
    {
        // The first request starts the answer, all others attach.
        using var ana = server.NewUser();
        var session = await StartAsync(ana, Endless, "at-once");
        var streams = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => StreamAsync(ana, session)));
        foreach (var stream in streams)
        {
            await stream.UntilAsync("token");
        }

        await ana.JsonAsync("POST", "/api/chat/at-once/stop");
        foreach (var stream in streams)
        {
            await stream.ToEndAsync();
        }

        Assert.Single(streams.Select(stream => stream.GenerationId).Distinct());
        Assert.Single(streams.Select(stream => stream.Text).Distinct());
        Assert.Equal(1, server.Tables.Count("generations", "conversation_id = @id", ("@id", streams[0].ConversationId)));
        Assert.Equal(2, (await ana.SaidAsync("at-once")).Count);
        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task Stream_ReaderLeaves_TheAnswerGoesOnAndCanBeAttachedTo()
    {
        using var ana = server.NewUser();
        var session = await StartAsync(ana, "#script tokens=100 delay=2");
        Event seen;
        string before;
        await using (var left = await StreamAsync(ana, session))
        {
            (seen, before) = (await left.UntilAsync("token", 3), left.Text);
        }

        await using var back = await ana.StreamAsync("GET", $"/chat/stream?sessionId={session}", null, ("Last-Event-ID", seen.Id));
        await back.ToEndAsync();
        Assert.DoesNotContain(back.Events, next => next.Type == "typing");
        Assert.Equal((await ana.AnsweredAsync("#script tokens=100 delay=0")).Text, before + back.Text);
        Assert.Equal("done", back.Events[^1].Type);
    }

    [Theory]
    [InlineData("Last-Event-ID", "")]
    [InlineData(null, "&lastEventId=")]
    [InlineData(null, "&after=")]
    public async Task Stream_FromEveryIdOfAnAnswerThatHasEnded_IsExactlyTheRest(string? header, string query)
    {
        using var ana = server.NewUser();
        var session = await StartAsync(ana, "#script tokens=8 reasoning=1 delay=2");
        await using var whole = await StreamAsync(ana, session);
        await whole.ToEndAsync();
        for (var i = 1; i < whole.Events.Count - 1; i++)
        {
            var id = whole.Events[i].Id;
            await using var rest = await ana.StreamAsync(
                "GET",
                $"/chat/stream?sessionId={session}{(header is null ? query + id : "")}",
                null,
                header is null ? [] : [(header, id)]
            );
            await rest.ToEndAsync();
            Assert.Equal(whole.Text, EventStream.TextOf(whole.Events.Take(i + 1)) + rest.Text);
            Assert.Equal((whole.Events[^1].Type, whole.Events[^1].Id), (rest.Events[^1].Type, rest.Events[^1].Id));
        }

        // At the end of the answer: an EventSource does not reconnect after 204.
        using var after = await ana.SendAsync(
            "GET",
            $"/chat/stream?sessionId={session}{(header is null ? query + whole.Events[^1].Id : "")}",
            null,
            header is null ? [] : [(header, whole.Events[^1].Id)]
        );
        Assert.Equal(204, (int)after.StatusCode);
        await using var again = await StreamAsync(ana, session);
        Assert.Equal(whole.Text, (await again.ToEndAsync()).Text);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("99999999")]
    [InlineData("99999999999999999999")]
    [InlineData("2")] // inside the first character
    [InlineData("")]
    public async Task Stream_CursorThatIsNoGood_IsAsNone(string cursor)
    {
        // Browsers keep cursors across pages, and an EventSource does not reconnect after a refusal.
        using var ana = server.NewUser();
        var session = await StartAsync(ana, Two);
        await using var first = await ana.StreamAsync("GET", $"/chat/stream?sessionId={session}", null, ("Last-Event-ID", cursor));
        await first.ToEndAsync();
        Assert.Equal(("typing", "done"), (first.Events[0].Type, first.Events[^1].Type));
        await using var byHeader = await ana.StreamAsync("GET", $"/chat/stream?sessionId={session}", null, ("Last-Event-ID", cursor));
        await using var byQuery = await ana.StreamAsync("GET", $"/chat/stream?sessionId={session}&lastEventId={cursor}");
        Assert.Equal((first.Text, first.Text), ((await byHeader.ToEndAsync()).Text, (await byQuery.ToEndAsync()).Text));
    }

    [Fact]
    public async Task Session_NotBegunInTime_HasExpired()
    {
        // Expiry is checked when the session is read, independent of the sweeper.
        using var ana = server.NewUser();
        var session = await StartAsync(ana, Two);
        Assert.Equal(1, Expire(session));
        await AssertErrorAsync(ana, session);
        await ana.RefusedAsync(404, "not_found", "POST", "/chat/ticket", new { sessionId = session });
        Assert.Equal(0, server.Tables.Count("generations", "owner_id = @id", ("@id", await ana.IdAsync())));
    }

    [Fact]
    public async Task Session_BegunInTime_OutlivesIt()
    {
        using var ana = server.NewUser();
        var session = await StartAsync(ana, Endless, "outlives");
        await using var first = await StreamAsync(ana, session);
        await first.UntilAsync("token");
        Assert.Equal(1, Expire(session));
        await using var second = await StreamAsync(ana, session);
        await second.UntilAsync("token");
        await ana.JsonAsync("POST", "/chat/ticket", new { sessionId = session });
        await ana.JsonAsync("POST", "/api/chat/outlives/stop");
        Assert.Equal((await first.ToEndAsync()).Text, (await second.ToEndAsync()).Text);
        await using var later = await StreamAsync(ana, session);
        Assert.Equal(first.Text, (await later.ToEndAsync()).Text);
    }

    [Fact]
    public async Task Sweep_DeletesSessionsAndNothingElse()
    {
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        var waiting = await StartAsync(ana, Two, "waiting");
        var begun = await StartAsync(ana, Two, "begun");
        await using (var stream = await StreamAsync(ana, begun))
        {
            await stream.ToEndAsync();
        }

        var store = own.Services.GetRequiredService<ChatStore>();
        var now = TimeProvider.System.GetUtcNow();

        await store.SweepAsync(now.AddMinutes(9), 200);
        Assert.Equal(2, own.Tables.Count("chat_sessions"));
        await store.SweepAsync(now.AddMinutes(11), 200);
        Assert.Equal([begun], own.Tables.Query("SELECT id FROM chat_sessions", row => row.GetString(0)));
        await store.SweepAsync(now.AddHours(25), 200);
        Assert.Equal(0, own.Tables.Count("chat_sessions"));
        await AssertErrorAsync(ana, waiting);
        await AssertErrorAsync(ana, begun);
        Assert.Equal((1, 2), ((await ana.SaidAsync("waiting")).Count, (await ana.SaidAsync("begun")).Count));
    }

    [Fact]
    public async Task Stream_OfASessionThatIsNotOnes_IsAnErrorEventThatEndsReconnecting()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        using var anonymous = server.NewUser();
        var session = await StartAsync(ana, Two);
        await ben.IdAsync();
        foreach (var user in new[] { ben, anonymous })
        {
            await AssertErrorAsync(user, session);
        }

        await AssertErrorAsync(ana, Guid.NewGuid().ToString());
        await AssertErrorAsync(ana, session.ToUpperInvariant());
        await ana.RefusedAsync(400, "required", "GET", "/chat/stream");
        await ana.RefusedAsync(400, "duplicate_parameter", "GET", $"/chat/stream?sessionId={session}&sessionId={session}");
        await using var hers = await StreamAsync(ana, session);
        Assert.Equal("done", (await hers.ToEndAsync()).Events[^1].Type);
    }

    [Fact]
    public async Task Stream_ModelFails_IsAnErrorEventAndStaysOne()
    {
        using var ana = server.NewUser();
        var session = await StartAsync(ana, "#script tokens=9 error-after=4 delay=0");
        for (var i = 0; i < 2; i++)
        {
            await using var stream = await StreamAsync(ana, session);
            await stream.ToEndAsync();
            var last = stream.Events[^1];
            Assert.Equal(["type", "message"], last.Json.EnumerateObject().Select(member => member.Name));
            Assert.Equal(("error", true), (last.Type, last["message"]!.Length > 0));
            Assert.NotEmpty(stream.Text);
        }

        Assert.Equal(1, server.Tables.Count("generations", "owner_id = @id", ("@id", await ana.IdAsync())));
    }

    [Fact]
    public async Task Stream_TooManyAnswersAtOnce_IsAskedToComeBack()
    {
        // An EventSource does not reconnect after a status other than 200.
        using var ana = server.NewUser();
        var session = await StartAsync(ana, Two);
        List<EventStream> running = [];
        for (var i = 0; i < 16; i++)
        {
            running.Add(await ana.AskAsync("#script first=600000"));
        }

        using (var later = await ana.SendAsync("GET", $"/chat/stream?sessionId={session}"))
        {
            Assert.Equal((200, "text/event-stream"), ((int)later.StatusCode, later.Content.Headers.ContentType!.MediaType));
            Assert.Equal("retry: 5000\n\n", await later.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Null(later.Headers.RetryAfter);
        }

        foreach (var stream in running)
        {
            await ana.JsonAsync("POST", $"/api/v1/generations/{stream.GenerationId}/stop");
            await stream.DisposeAsync();
        }

        await using var now = await StreamAsync(ana, session);
        Assert.Equal("done", (await now.ToEndAsync()).Events[^1].Type);
    }

    [Fact]
    public async Task History_IsTheShownPath()
    {
        // Of two answers the newer one is shown.
        using var ana = server.NewUser();
        var chat = new UiChat(ana, "told");
        for (var turn = 1; turn <= 3; turn++)
        {
            await chat.AnsweredAsync($"#script tokens={turn} delay=0");
        }

        chat.Messages.RemoveAt(5);
        await using (var again = await chat.PostAsync("regenerate-message"))
        {
            chat.Show(await again.ToEndAsync());
        }

        var history = await ana.GetAsync("/chat/history?chatId=told");
        Assert.Equal(
            chat.Messages.Select(message => (message.Role, message.Text)),
            history.GetProperty("messages").EnumerateArray().Select(message => (Member(message, "role")!, Member(message, "content")!))
        );
        var end = await ana.GetAsync("/chat/history?chatId=told&limit=2");
        Assert.Equal(("True", chat.Messages[5].Id), (Member(end, "hasMore"), Member(end.GetProperty("messages")[1], "id")));

        await ana.RefusedAsync(400, "required", "GET", "/chat/history");
        await ana.RefusedAsync(404, "not_found", "GET", "/chat/history?chatId=unknown");
        await ana.RefusedAsync(400, "out_of_range", "GET", "/chat/history?chatId=told&limit=1001");
        await ana.RefusedAsync(400, "unknown_parameter", "GET", "/chat/history?chatId=told&offset=1");
    }

    private int Expire(string session) =>
        server.Tables.Change(
            "UPDATE chat_sessions SET expires_at = @now WHERE id = @id",
            ("@now", TimeProvider.System.GetUtcNow().AddMilliseconds(-1).ToUnixTimeMilliseconds()),
            ("@id", session)
        );

    private static async Task<string> StartAsync(TestUser user, string prompt, string? chat = null) =>
        Member(
            await user.JsonAsync(
                "POST",
                "/chat/start",
                new
                {
                    modelId = "scripted",
                    prompt,
                    chatId = chat,
                },
                201
            ),
            "sessionId"
        )!;

    private static Task<EventStream> StreamAsync(TestUser user, string session) =>
        user.StreamAsync("GET", $"/chat/stream?sessionId={session}");

    private static async Task AssertErrorAsync(TestUser user, string session)
    {
        await using var stream = await StreamAsync(user, session);
        var only = Assert.Single((await stream.ToEndAsync()).Events);
        Assert.Equal(["type", "message"], only.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("error", 86_400_000), (only.Type, stream.Retry));
    }

    private static string? Member(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.ToString() : null;
}
