using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Data.Sql;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.Convex;

/// <summary>Chats whose answer one request drives and all others watch.</summary>
public sealed class TextStreamsTests(ParleyServer server)
{
    private const string Short = "#script tokens=8 delay=0";

    [Fact]
    public async Task Create_StoresAChatThatWaits()
    {
        using var ana = server.NewUser();
        var before = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        using var response = await ana.SendAsync(
            "POST",
            "/chat-stream/create",
            new
            {
                prompt = Short,
                title = "A question",
                model = "scripted",
            }
        );
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var created = JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(["chatId", "streamId"], created.EnumerateObject().Select(member => member.Name));
        var chat = new StreamChat(ana, created.GetProperty("chatId").GetString()!, created.GetProperty("streamId").GetString()!);
        Assert.Equal($"/chat-stream/chats/{chat.ChatId}", response.Headers.Location!.ToString());

        var row = await chat.RowAsync();
        Assert.Equal(
            ["_id", "_creationTime", "user_id", "title", "prompt", "stream_id", "status", "created_at", "updated_at"],
            row.EnumerateObject().Select(member => member.Name)
        );
        Assert.Equal(
            (chat.ChatId, await ana.IdAsync(), "A question", Short, chat.StreamId, "pending"),
            (
                row.GetProperty("_id").GetString(),
                row.GetProperty("user_id").GetString(),
                row.GetProperty("title").GetString(),
                row.GetProperty("prompt").GetString(),
                row.GetProperty("stream_id").GetString(),
                row.GetProperty("status").GetString()
            )
        );
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var name in new[] { "_creationTime", "created_at", "updated_at" })
        {
            Assert.InRange(row.GetProperty(name).GetInt64(), before, now);
        }

        Assert.Equal(("", "pending"), await chat.BodyAsync());

        // One conversation among the others, not yet answered.
        Assert.Equal(1, (await ana.GetAsync($"/api/v1/conversations/{chat.ChatId}")).GetProperty("messageCount").GetInt32());
    }

    [Fact]
    public async Task Create_WithoutATitle_IsCalledAsItsPrompt()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "What is\n a monad?");
        Assert.Equal("What is a monad?", (await chat.RowAsync()).GetProperty("title").GetString());
    }

    [Fact]
    public async Task Create_WithoutAnyModelNamed_AsksTheUsualOne()
    {
        using var ana = server.NewUser();
        var created = await ana.JsonAsync("POST", "/chat-stream/create", new { prompt = "Hello" }, 201);
        var chat = new StreamChat(ana, created.GetProperty("chatId").GetString()!, created.GetProperty("streamId").GetString()!);
        Assert.NotEmpty(await chat.DrivenAsync());
    }

    [Theory]
    [InlineData("""{}""", "text_required", "prompt")]
    [InlineData("""{"prompt":null}""", "text_required", "prompt")]
    [InlineData("""{"prompt":" \n"}""", "text_required", "prompt")]
    [InlineData("""{"prompt":"a\u0000b"}""", "invalid_text", "prompt")]
    [InlineData("""{"prompt":5}""", "wrong_type", "prompt")]
    [InlineData("""{"prompt":"x","title":""}""", "text_required", "title")]
    [InlineData("""{"prompt":"x","model":"no/such"}""", "model_not_found", "model")]
    [InlineData("""{"prompt":"x","userId":"y"}""", "unknown_member", "userId")]
    public async Task Create_WhatCannotBeStored_IsRefused(string body, string code, string field)
    {
        using var ana = server.NewUser();
        var problem = await ana.RefusedAsync(400, code, "POST", "/chat-stream/create", body);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _));
        Assert.Equal(0, ana.Cookies.Count);
    }

    [Fact]
    public async Task Create_ForAnotherUser_Is403AndStoresNothing()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        using var anonymous = server.NewUser();
        foreach (var asking in new[] { ben, anonymous })
        {
            await asking.RefusedAsync(
                403,
                "not_yours",
                "POST",
                "/chat-stream/create",
                new Dictionary<string, object> { ["prompt"] = "x", ["user_id"] = await ana.IdAsync() }
            );
        }

        Assert.Equal(0, anonymous.Cookies.Count);
        Assert.Empty((await ana.GetAsync("/chat-stream/chats")).GetProperty("chats").EnumerateArray());
        Assert.Empty((await ben.GetAsync("/chat-stream/chats")).GetProperty("chats").EnumerateArray());

        foreach (var own in new[] { await ana.IdAsync(), "", null })
        {
            await ana.JsonAsync(
                "POST",
                "/chat-stream/create",
                new Dictionary<string, object?> { ["prompt"] = "x", ["user_id"] = own },
                201
            );
        }

        Assert.Equal(3, (await ana.GetAsync("/chat-stream/chats")).GetProperty("chats").GetArrayLength());
    }

    [Fact]
    public async Task Drive_First_GetsTheTextAsItComes()
    {
        await using var model = await ToldModel.StartAsync();
        await using var own = await ParleyServer.StartAsync(model.Settings);
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Say it", model: ToldModel.Name);
        using var response = await chat.DriveAsync();
        Assert.Equal(
            (HttpStatusCode.OK, "text/plain; charset=utf-8"),
            (response.StatusCode, response.Content.Headers.ContentType!.ToString())
        );
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        foreach (var word in new[] { "Grüße", ", ", "日本語", " 👩‍💻", "\n" })
        {
            model.Say(word);
            Assert.Equal(word, await body.ReadAsync(System.Text.Encoding.UTF8.GetByteCount(word)));
        }

        model.End();
        await body.EndsAsync();
        Assert.Equal(("Grüße, 日本語 👩‍💻\n", "done"), await chat.BodyAsync());
        Assert.Equal("completed", await chat.StatusAsync());
    }

    [Fact]
    public async Task Drive_IsTheSameAnswerAsEverywhereElse()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        var text = await chat.DrivenAsync();
        var messages = (await ana.GetAsync($"/api/v1/conversations/{chat.ChatId}/messages")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(
            [("user", Short), ("assistant", text)],
            messages.Select(row => (row.GetProperty("role").GetString(), row.GetProperty("content").GetString()))
        );

        // The answer can be continued.
        var next = await ana.AnsweredAsync(Short, chat.ChatId);
        Assert.Equal(text, next.Text);
        Assert.Equal((text, "done"), await chat.BodyAsync());
    }

    [Fact]
    public async Task Drive_Again_Is205WithNothing()
    {
        await using var model = await ToldModel.StartAsync();
        await using var own = await ParleyServer.StartAsync(model.Settings);
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Say it", model: ToldModel.Name);
        using var driving = await chat.DriveAsync();
        await model.WhenAskedAsync();
        await TakenAsync(chat.DriveAsync()); // before its first word
        model.Say("word");
        await using var body = await driving.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await body.ReadAsync(4);
        await TakenAsync(chat.DriveAsync());
        model.End();
        await body.EndsAsync();
        await TakenAsync(chat.DriveAsync());
        Assert.Equal(1, model.Asked);
    }

    [Fact]
    public async Task Drive_WhatCannotBeDriven_Is205WithNothing()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        await ben.IdAsync();
        using var anonymous = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        await TakenAsync(chat.DriveAsync(ben));
        await TakenAsync(chat.DriveAsync(anonymous));
        foreach (
            var id in new[] { Guid.NewGuid().ToString(), "x", "", chat.ChatId, chat.StreamId.ToUpperInvariant(), new string('9', 5000) }
        )
        {
            await TakenAsync(ana.SendAsync("POST", "/chat-stream", new { streamId = id }));
        }

        Assert.Equal(("", "pending"), await chat.BodyAsync());

        var expired = await StreamChat.CreateAsync(ana, Short);
        await expired.ExpireAtAsync(server, TimeProvider.System.GetUtcNow());
        await TakenAsync(expired.DriveAsync());

        var deleted = await StreamChat.CreateAsync(ana, Short);
        using var gone = await ana.SendAsync("DELETE", $"/chat-stream/chats/{deleted.ChatId}");
        await TakenAsync(deleted.DriveAsync());

        // A session of another kind is no stream, and is still there afterwards.
        var session = (await ana.JsonAsync("POST", "/chat/start", new { modelId = "scripted", prompt = Short }, 201))
            .GetProperty("sessionId")
            .GetString();
        await TakenAsync(ana.SendAsync("POST", "/chat-stream", new { streamId = session }));
        await using var events = await ana.StreamAsync("GET", $"/chat/stream?sessionId={session}");
        Assert.Equal("done", (await events.UntilAsync("done")).Type);
    }

    [Theory]
    [InlineData("""{}""", "required")]
    [InlineData("""{"streamId":null}""", "required")]
    [InlineData("""{"streamId":7}""", "wrong_type")]
    [InlineData("""[]""", "malformed_json")]
    [InlineData("""{"streamId":"a""", "malformed_json")]
    public async Task Drive_WithoutAStream_IsRefused(string body, string code)
    {
        using var ana = server.NewUser();
        await ana.RefusedAsync(400, code, "POST", "/chat-stream", body);
    }

    [Fact]
    public async Task Drive_WithWhatClientsSendAlong_IsTheStoredQuestion()
    {
        // An app may send the prompt and the chat in the body; the hook of the library sends neither
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        using var response = await ana.SendAsync(
            "POST",
            "/chat-stream",
            new
            {
                streamId = chat.StreamId,
                prompt = "#script tokens=1",
                chatId = Guid.NewGuid(),
                more = new { x = 1 },
            }
        );
        var other = await ana.AnsweredAsync(Short);
        Assert.Equal(other.Text, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)] // one place is left: those that lose need none
    public async Task Drive_ManyAtOnce_OneDrives(int running)
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        var others = await Task.WhenAll(Enumerable.Range(0, running).Select(_ => ana.AskAsync("#script first=60000")));
        for (var round = 0; round < 5; round++)
        {
            var chat = await StreamChat.CreateAsync(ana, "#script tokens=8 delay=20");
            var responses = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => chat.DriveAsync()));
            var driver = Assert.Single(responses, response => response.StatusCode == HttpStatusCode.OK);
            var text = await driver.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Equal((text, "done"), await chat.BodyAsync());
            Assert.NotEmpty(text);
            foreach (var other in responses.Where(response => response != driver))
            {
                await TakenAsync(Task.FromResult(other));
            }

            Assert.Equal(1, server.Tables.Count("generations", "conversation_id = @id", ("@id", chat.ChatId)));
        }

        foreach (var other in others)
        {
            await other.DisposeAsync();
        }
    }

    [Fact]
    public async Task Drive_TheDriverLeaves_TheAnswerGoesOn()
    {
        await using var model = await ToldModel.StartAsync();
        await using var own = await ParleyServer.StartAsync(model.Settings);
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Say it", model: ToldModel.Name);
        using (var response = await chat.DriveAsync())
        {
            model.Say("one");
            await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            await body.ReadAsync(3);
        }

        await using var live = await ana.StreamAsync("GET", $"/chat-stream/body?streamId={chat.StreamId}&live=sse");
        var bodies = new LiveBodies(live);
        await bodies.UntilAsync("one", "streaming");
        model.Say(" two");
        await bodies.UntilAsync("one two", "streaming");
        model.End();
        await bodies.UntilAsync("one two", "done");
        await TakenAsync(chat.DriveAsync());
    }

    [Fact]
    public async Task Drive_TheModelFails_TheConnectionIsCutAfterTheText()
    {
        using var ana = server.NewUser();
        var whole = await ana.AnsweredAsync("#script tokens=5 delay=0");
        var chat = await StreamChat.CreateAsync(ana, "#script tokens=9 error-after=5 delay=0");
        using var response = await chat.DriveAsync();
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        Assert.Equal(whole.Text, await body.ReadAsync(System.Text.Encoding.UTF8.GetByteCount(whole.Text)));
        await body.IsCutAsync();
        Assert.Equal((whole.Text, "error"), await chat.BodyAsync());
        Assert.Equal("error", await chat.StatusAsync());
        await TakenAsync(chat.DriveAsync());
    }

    [Fact]
    public async Task Status_FollowsTheAnswerThroughItsLife()
    {
        await using var model = await ToldModel.StartAsync();
        await using var own = await ParleyServer.StartAsync(model.Settings);
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Say it", model: ToldModel.Name);
        Assert.Equal((("", "pending"), "pending"), (await chat.BodyAsync(), await chat.StatusAsync()));
        using var driving = await chat.DriveAsync();
        await model.WhenAskedAsync();
        Assert.Equal((("", "pending"), "pending"), (await chat.BodyAsync(), await chat.StatusAsync()));
        await using var body = await driving.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        model.Say("no delimiter");
        await body.ReadAsync(12);
        Assert.Equal((("no delimiter", "streaming"), "pending"), (await chat.BodyAsync(), await chat.StatusAsync()));
        var before = (await chat.RowAsync()).GetProperty("updated_at").GetInt64();
        model.End();
        await body.EndsAsync();
        Assert.Equal((("no delimiter", "done"), "completed"), (await chat.BodyAsync(), await chat.StatusAsync()));
        var row = await chat.RowAsync();
        Assert.True(row.GetProperty("updated_at").GetInt64() >= before);
        Assert.True(row.GetProperty("updated_at").GetInt64() > row.GetProperty("created_at").GetInt64());
    }

    [Fact]
    public async Task Status_OfAStoppedAnswer_IsDoneWithWhatWasSeen()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "#script tokens=100000 delay=5");
        using var driving = await chat.DriveAsync();
        var generation = driving.Headers.GetValues("X-Generation-Id").Single();
        await using var events = await ana.FollowAsync(generation);
        var seen = await events.UntilAsync("token", 3);
        var text = events.Text;
        await events.UntilAsync("token", 6);
        await ana.JsonAsync("POST", $"/api/v1/generations/{generation}/stop", new { position = seen.Position });
        Assert.Equal((text, "done"), await chat.BodyAsync());
        Assert.Equal("completed", await chat.StatusAsync());
    }

    [Fact]
    public async Task Status_NotDrivenInTime_IsTimeout()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        var created = (await chat.RowAsync()).GetProperty("created_at").GetInt64();
        var expires = server.Tables.Query(
            "SELECT expires_at FROM chat_sessions WHERE id = @id",
            row => row.GetInt64(0),
            ("@id", chat.StreamId)
        )[0];
        Assert.Equal(TimeSpan.FromMinutes(20), TimeSpan.FromMilliseconds(expires - created));

        var at = TimeProvider.System.GetUtcNow();
        await chat.ExpireAtAsync(server, at);
        Assert.Equal(("", "timeout"), await chat.BodyAsync());
        var row = await chat.RowAsync();
        Assert.Equal(
            ("error", at.ToUnixTimeMilliseconds()),
            (row.GetProperty("status").GetString(), row.GetProperty("updated_at").GetInt64())
        );

        // It is kept all the same.
        await server.Services.GetRequiredService<ChatStore>().SweepAsync(at.AddDays(3650), 200);
        Assert.Equal("error", await chat.StatusAsync());
    }

    [Fact]
    public async Task SetStatus_ToWhatItIs_ChangesNothing()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        await SetAsync(chat, "pending");
        await chat.DrivenAsync();
        var row = await chat.RowAsync();
        Assert.Equal(row.ToString(), (await SetAsync(chat, "completed")).ToString());
    }

    [Fact]
    public async Task SetStatus_ErrorBeforeItHasBegun_LetsItExpire()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        Assert.Equal("error", (await SetAsync(chat, "error")).GetProperty("status").GetString());
        Assert.Equal(("", "timeout"), await chat.BodyAsync());
        await TakenAsync(chat.DriveAsync());
        Assert.Equal("error", (await SetAsync(chat, "error")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task SetStatus_AgainstTheAnswer_Is409()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        await SetRefusedAsync(chat, "completed");
        using (var driving = await (await StreamChat.CreateAsync(ana, "#script first=60000")).DriveAsync())
        {
            var running = new StreamChat(ana, driving.Headers.GetValues("X-Conversation-Id").Single(), "");
            foreach (var status in new[] { "completed", "error" })
            {
                await SetRefusedAsync(running, status);
            }

            await SetAsync(running, "pending");
        }

        await chat.DrivenAsync();
        foreach (var status in new[] { "pending", "error" })
        {
            await SetRefusedAsync(chat, status);
        }

        var failed = await StreamChat.CreateAsync(ana, "#script error-after=1 delay=0");
        await Assert.ThrowsAnyAsync<Exception>(failed.DrivenAsync);
        foreach (var status in new[] { "pending", "completed" })
        {
            await SetRefusedAsync(failed, status);
        }

        foreach (var status in new object?[] { "done", "", null, "PENDING" })
        {
            await ana.RefusedAsync(400, "invalid_status", "POST", $"/chat-stream/chats/{chat.ChatId}/status", new { status });
        }
    }

    [Fact]
    public async Task Delete_TakesAllOfItAway()
    {
        using var ana = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        await chat.DrivenAsync();
        using (var deleted = await ana.SendAsync("DELETE", $"/chat-stream/chats/{chat.ChatId}"))
        {
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        }

        foreach (
            var (table, column) in new[]
            {
                ("conversations", "id"),
                ("messages", "conversation_id"),
                ("generations", "conversation_id"),
                ("chat_sessions", "conversation_id"),
            }
        )
        {
            Assert.Equal(0, server.Tables.Count(table, $"{column} = @id", ("@id", chat.ChatId)));
        }

        await ana.RefusedAsync(404, "not_found", "DELETE", $"/chat-stream/chats/{chat.ChatId}");
        await ana.RefusedAsync(404, "not_found", "GET", $"/chat-stream/body?streamId={chat.StreamId}");
    }

    [Fact]
    public async Task Delete_AConversationThatIsNoStreamChat_Is404AndItStays()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync(Short);
        await ana.RefusedAsync(404, "not_found", "DELETE", $"/chat-stream/chats/{answer.ConversationId}");
        Assert.Equal(2, (await ana.GetAsync($"/api/v1/conversations/{answer.ConversationId}")).GetProperty("messageCount").GetInt32());
    }

    [Fact]
    public async Task Delete_WhileItIsDriven_EndsItForAllReaders()
    {
        await using var model = await ToldModel.StartAsync();
        await using var own = await ParleyServer.StartAsync(model.Settings);
        using var ana = own.NewUser();
        var chat = await StreamChat.CreateAsync(ana, "Say it", model: ToldModel.Name);
        using var driving = await chat.DriveAsync();
        await using var body = await driving.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await using var live = await ana.StreamAsync("GET", $"/chat-stream/body?streamId={chat.StreamId}&live=sse");
        var bodies = new LiveBodies(live);
        model.Say("one");
        await body.ReadAsync(3);
        await bodies.UntilAsync("one", "streaming");
        using (var deleted = await ana.SendAsync("DELETE", $"/chat-stream/chats/{chat.ChatId}"))
        {
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        }

        await body.IsCutAsync();
        await bodies.UntilAsync("", "error");
        Assert.Null(await bodies.NextAsync());
        Assert.Empty(own.Errors);
    }

    [Fact]
    public async Task List_IsNewestFirstAndOnlyOnesOwn()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        await StreamChat.CreateAsync(ben, Short);
        await ana.AnsweredAsync(Short); // an ordinary conversation is none
        List<StreamChat> chats = [];
        for (var i = 0; i < 4; i++)
        {
            chats.Add(await StreamChat.CreateAsync(ana, Short, $"Chat {i}"));
            await chats[i].AgeAsync(server, 1000 * (4 - i)); // those of the same millisecond have no order
        }

        await chats[1].DrivenAsync();
        Assert.Equal(["Chat 3", "Chat 2", "Chat 1", "Chat 0"], await TitlesAsync(ana, ""));
        Assert.Equal(["Chat 3", "Chat 2"], await TitlesAsync(ana, "?limit=2"));
        Assert.Equal(["Chat 3"], await TitlesAsync(ana, $"?limit=1&user_id={await ana.IdAsync()}"));
        await ana.RefusedAsync(403, "not_yours", "GET", $"/chat-stream/chats?user_id={await ben.IdAsync()}");
        foreach (var limit in new[] { "0", "-1", "1001", "x", "1.5" })
        {
            await ana.RefusedAsync(400, "out_of_range", "GET", $"/chat-stream/chats?limit={limit}");
        }

        // What was archived is left out.
        using var archived = await ana.SendAsync("DELETE", $"/api/v1/chat/{chats[3].ChatId}");
        Assert.True(archived.IsSuccessStatusCode);
        Assert.Equal(["Chat 2", "Chat 1", "Chat 0"], await TitlesAsync(ana, ""));
        Assert.Equal("pending", await chats[3].StatusAsync());
    }

    [Fact]
    public async Task List_OfVeryLongPrompts_IsShorter()
    {
        using var ana = server.NewUser();
        var prompt = "#script tokens=1 " + new string('x', 900 * 1024);
        for (var i = 0; i < 7; i++)
        {
            await StreamChat.CreateAsync(ana, prompt, "Long");
        }

        var rows = (await ana.GetAsync("/chat-stream/chats")).GetProperty("chats").EnumerateArray().ToList();
        Assert.Equal(5, rows.Count); // the fifth is the one that reaches 4 MiB
        Assert.All(rows, row => Assert.Equal(prompt, row.GetProperty("prompt").GetString()));
    }

    [Fact]
    public async Task Foreign_IsAsMissing()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        await ben.IdAsync();
        using var anonymous = server.NewUser();
        var chat = await StreamChat.CreateAsync(ana, Short);
        await chat.DrivenAsync();
        foreach (var asking in new[] { ben, anonymous })
        {
            foreach (var id in new[] { chat.ChatId, Guid.NewGuid().ToString(), "x" })
            {
                await asking.RefusedAsync(404, "not_found", "GET", $"/chat-stream/chats/{id}");
                await asking.RefusedAsync(404, "not_found", "POST", $"/chat-stream/chats/{id}/status", new { status = "completed" });
                await asking.RefusedAsync(404, "not_found", "DELETE", $"/chat-stream/chats/{id}");
            }

            foreach (var id in new[] { chat.StreamId, Guid.NewGuid().ToString(), "x" })
            {
                foreach (var live in new[] { "", "&live=sse" })
                {
                    await asking.RefusedAsync(404, "not_found", "GET", $"/chat-stream/body?streamId={id}{live}");
                }
            }
        }

        Assert.Equal("completed", await chat.StatusAsync());
    }

    [Fact]
    public async Task Preflight_FromAnOriginThatMayCall_IsAnswered()
    {
        await using var own = await ParleyServer.StartAsync(("Cors:Origins:0", "https://app.example.org"));
        using var ana = own.NewUser();
        foreach (var (origin, isAllowed) in new[] { ("https://app.example.org", true), ("https://evil.example.org", false) })
        {
            using var response = await ana.SendAsync(
                "OPTIONS",
                "/chat-stream",
                null,
                ("Origin", origin),
                ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", "content-type,digest,authorization")
            );
            Assert.Equal(isAllowed, response.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed));
            if (!isAllowed)
            {
                continue;
            }

            Assert.Equal([origin], allowed!);
            Assert.Equal("86400", response.Headers.GetValues("Access-Control-Max-Age").Single());
            Assert.Equal(
                ["authorization", "content-type", "digest"],
                string.Join(',', response.Headers.GetValues("Access-Control-Allow-Headers"))
                    .ToLowerInvariant()
                    .Split(',', StringSplitOptions.TrimEntries)
                    .Order()
            );
        }
    }

    private static async Task<IEnumerable<string?>> TitlesAsync(TestUser user, string query) =>
        (await user.GetAsync($"/chat-stream/chats{query}"))
            .GetProperty("chats")
            .EnumerateArray()
            .Select(row => row.GetProperty("title").GetString());

    private static Task<JsonElement> SetAsync(StreamChat chat, string status) =>
        chat.Owner.JsonAsync("POST", $"/chat-stream/chats/{chat.ChatId}/status", new { status });

    private static Task<JsonElement> SetRefusedAsync(StreamChat chat, string status) =>
        chat.Owner.RefusedAsync(409, "status_follows_answer", "POST", $"/chat-stream/chats/{chat.ChatId}/status", new { status });

    private static async Task TakenAsync(Task<HttpResponseMessage> driving)
    {
        using var response = await driving;
        Assert.Equal(HttpStatusCode.ResetContent, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }
}
