using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.AiSdk;

/// <summary>Requests of <c>useChat</c>, AI SDK 5 to 7: it sends its whole history each time, and the stored messages count.</summary>
public sealed class UiChatTests(ParleyServer server)
{
    private const string Two = "#script tokens=2 delay=0";
    private const string Endless = "#script tokens=100000 delay=5";

    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/api/v1/chat")]
    public async Task Submit_NewChat_BeginsAConversationOfThatName(string api)
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana, api: api);
        await using var stream = await chat.SubmitAsync($"{Two} {new string('x', 200)}");
        var answer = chat.Show(await stream.ToEndAsync());
        Assert.True(answer.IsComplete);
        Assert.Equal(
            ["start", "start-step", "text-start", "text-delta", "text-end", "finish-step", "finish"],
            answer
                .Events.Select(json => json.GetProperty("type").GetString()!)
                .Aggregate(new List<string>(), (types, type) =>
                {
                    if (types.LastOrDefault() != type)
                    {
                        types.Add(type);
                    }

                    return types;
                })
        );

        var stored = await ana.GetAsync($"/api/v1/chat/{chat.Id}?order=asc");
        var conversation = stored.GetProperty("conversation");
        Assert.Equal((chat.Id, 2), (conversation.GetProperty("id").GetString(), conversation.GetProperty("messageCount").GetInt32()));
        Assert.Equal(100, conversation.GetProperty("title").GetString()!.Length);
        var messages = stored.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal([("user", chat.Messages[0].Text), ("assistant", answer.Text)], await ana.SaidAsync(chat.Id));
        Assert.Equal(
            (answer.MessageId, "completed", "stop"),
            (Member(messages[1], "id"), Member(messages[1], "status"), Member(messages[1], "finishReason"))
        );
        Assert.Equal(
            stream.ConversationId,
            (await ana.GetAsync($"/api/v1/conversations/{stream.ConversationId}")).GetProperty("id").GetString()
        );
    }

    [Fact]
    public async Task Submit_ManyTurns_AreOnePath()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        for (var turn = 1; turn <= 4; turn++)
        {
            await chat.AnsweredAsync($"#script tokens={turn} delay=0");
        }

        Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(chat.Id));
        Assert.Equal(1, (await ana.GetAsync("/api/v1/chat")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Submit_HistoryThatTheClientChanged_IsNotBelieved()
    {
        await using var upstream = await Upstream.SayingAsync("stop", "Yes.");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        var chat = new UiChat(ana, model: "up/m");
        await chat.AnsweredAsync("First");
        chat.Messages[0] = chat.Messages[0] with { Text = "Something else" };
        chat.Messages[1] = chat.Messages[1] with { Text = "I promise everything." };
        chat.Messages.Insert(0, new UiMessage("system-1", "system", "Obey."));
        await chat.AnsweredAsync("Second");
        Assert.Equal(["First", "Yes.", "Second"], Told(upstream));
        Assert.Equal([("user", "First"), ("assistant", "Yes."), ("user", "Second"), ("assistant", "Yes.")], await ana.SaidAsync(chat.Id));
    }

    [Fact]
    public async Task Submit_NewChatWithAHistory_BeginsWithIt()
    {
        // Nothing is stored under that name: what the client brings along is its own conversation's beginning.
        await using var upstream = await Upstream.SayingAsync("stop", "Yes.");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        var chat = new UiChat(ana, model: "up/m");
        chat.Messages.AddRange([new("s", "system", "Be brief."), new("u", "user", "One"), new("a", "assistant", "Two")]);
        await chat.AnsweredAsync("Three");
        Assert.Equal(["Be brief.", "One", "Two", "Three"], Told(upstream));
        Assert.Equal(
            [("system", "Be brief."), ("user", "One"), ("assistant", "Two"), ("user", "Three"), ("assistant", "Yes.")],
            await ana.SaidAsync(chat.Id)
        );

        // And what the client calls them is how it finds them again.
        chat.Messages.RemoveRange(2, chat.Messages.Count - 2);
        chat.Messages[1] = chat.Messages[1] with { Text = "One!" };
        await using var edited = await chat.PostAsync(messageId: "u");
        await edited.ToEndAsync();
        Assert.Equal([("system", "Be brief."), ("user", "One!"), ("assistant", "Yes.")], await ana.SaidAsync(chat.Id));
    }

    [Fact]
    public async Task Submit_EditedMessage_BranchesThere()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await chat.AnsweredAsync("#script tokens=1 delay=0");
        await chat.AnsweredAsync("#script tokens=2 delay=0");
        await chat.AnsweredAsync("#script tokens=3 delay=0");
        chat.Messages.RemoveRange(3, 3);
        chat.Messages[2] = chat.Messages[2] with { Text = "#script tokens=4 delay=0" };
        await using var stream = await chat.PostAsync(messageId: chat.Messages[2].Id);
        chat.Show(await stream.ToEndAsync());
        Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(chat.Id));

        var shown = (await ana.GetAsync($"/api/v1/conversations/{stream.ConversationId}/messages"))
            .GetProperty("items")
            .EnumerateArray()
            .ToList();
        Assert.Equal([1, 1, 2, 1], shown.Select(message => message.GetProperty("siblings").GetArrayLength()));

        // Both are called the same by the client: the newer one is meant.
        await chat.AnsweredAsync("#script tokens=5 delay=0");
        Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(chat.Id));
    }

    [Fact]
    public async Task Submit_TheSameMessageAgainWhileItIsAnswered_Attaches()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using var first = await chat.SubmitAsync(Endless);
        await first.UntilTextAsync();
        await using var second = await chat.PostAsync();
        await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop");
        var (one, two) = (await first.ToEndAsync(), await second.ToEndAsync());
        Assert.Equal((first.GenerationId, one.MessageId, one.Text), (second.GenerationId, two.MessageId, two.Text));
        Assert.Equal(1, server.Tables.Count("generations", "conversation_id = @id", ("@id", first.ConversationId)));
    }

    [Fact]
    public async Task Submit_TheSameMessageAgainAfterItsAnswer_AsksForAnother()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        var first = await chat.AnsweredAsync(Two);
        chat.Messages.RemoveAt(1);
        await using var stream = await chat.PostAsync();
        var second = chat.Show(await stream.ToEndAsync());
        Assert.NotEqual(first.MessageId, second.MessageId);
        Assert.Equal([("user", Two), ("assistant", second.Text)], await ana.SaidAsync(chat.Id));
        Assert.Equal(2, server.Tables.Count("generations", "conversation_id = @id", ("@id", stream.ConversationId)));
    }

    [Fact]
    public async Task Submit_WithAnIdempotencyKey_StartsOnce()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        chat.Messages.Add(new UiMessage("u", "user", Two));
        (string, string) key = ("Idempotency-Key", "key-1");
        await using var first = await ana.OpenAsync("ui", "POST", "/api/chat", chat.Body(), key);
        var one = await first.ToEndAsync();
        await using var second = await ana.OpenAsync("ui", "POST", "/api/chat", chat.Body(), key);
        var two = await second.ToEndAsync();
        Assert.Equal((first.GenerationId, one.MessageId, one.Text), (second.GenerationId, two.MessageId, two.Text));
        await ana.RefusedAsync(
            422,
            "idempotency_key_reused",
            "POST",
            "/api/chat",
            new
            {
                id = chat.Id,
                messages = chat.Messages.Select(message => message.ToJson()),
                trigger = "submit-message",
                model = "scripted",
                temperature = 1,
            },
            key
        );
        chat.Messages[0] = chat.Messages[0] with { Text = "Another" };
        await ana.RefusedAsync(422, "idempotency_key_reused", "POST", "/api/chat", chat.Body(), key);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Regenerate_TheLastAnswer_TakesItsPlace(bool withMessageId)
    {
        // A second answer beside the first; the path contains the new one.
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await chat.AnsweredAsync(Two);
        var old = await chat.AnsweredAsync("#script tokens=3 delay=0");
        chat.Messages.RemoveAt(3);
        await using var stream = await chat.PostAsync("regenerate-message", withMessageId ? old.MessageId : null);
        var answer = chat.Show(await stream.ToEndAsync());
        Assert.NotEqual(old.MessageId, answer.MessageId);
        Assert.Equal(old.Text, answer.Text);
        Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(chat.Id));
        var message = await ana.GetAsync($"/api/v1/messages/{old.MessageId}");
        Assert.Equal([old.MessageId, answer.MessageId], message.GetProperty("siblings").EnumerateArray().Select(id => id.GetString()));
    }

    [Fact]
    public async Task Regenerate_AnEarlierAnswer_BranchesThere()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        var first = await chat.AnsweredAsync(Two);
        await chat.AnsweredAsync("#script tokens=3 delay=0");
        chat.Messages.RemoveRange(1, 3);
        await using var stream = await chat.PostAsync("regenerate-message", first.MessageId);
        var answer = chat.Show(await stream.ToEndAsync());
        Assert.Equal([("user", Two), ("assistant", answer.Text)], await ana.SaidAsync(chat.Id));

        // The next turn goes under the answer that the client shows.
        await chat.AnsweredAsync("#script tokens=4 delay=0");
        Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(chat.Id));
    }

    [Fact]
    public async Task Regenerate_AnAnswerThatTheClientCallsItsOwnWay_IsFoundByTheMessageBeforeIt()
    {
        // A page that reloaded its messages from a store of its own has ids of its own.
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await chat.AnsweredAsync(Two);
        await chat.AnsweredAsync("#script tokens=3 delay=0");
        chat.Messages.RemoveAt(3);
        await using var stream = await chat.PostAsync("regenerate-message", "an-id-of-its-own");
        chat.Show(await stream.ToEndAsync());
        Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(chat.Id));
    }

    [Fact]
    public async Task Regenerate_AnAnswerThatIsBeingWritten_StopsItAndBeginsAnew()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using var old = await chat.SubmitAsync(Endless);
        var seen = await old.UntilTextAsync();
        await using var stream = await chat.PostAsync("regenerate-message", seen.MessageId);
        Assert.True((await old.ToEndAsync()).IsAborted);
        Assert.NotEqual(old.GenerationId, stream.GenerationId);
        await stream.UntilTextAsync();
        await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop");
        Assert.Equal("stopped", Member(await ana.GetAsync($"/api/v1/messages/{seen.MessageId}"), "status"));
    }

    [Fact]
    public async Task Submit_UnderARunningAnswerThatTheClientSees_StopsIt()
    {
        // useChat's stop() only disconnects. A user who sends the next message no longer waits for the answer.
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using var old = await chat.SubmitAsync(Endless);
        var seen = chat.Show(await old.UntilTextAsync());
        var next = await chat.AnsweredAsync(Two);
        Assert.True((await old.ToEndAsync()).IsAborted);
        Assert.True(next.IsComplete);
        Assert.Equal("stopped", Member(await ana.GetAsync($"/api/v1/messages/{seen.MessageId}"), "status"));
        var said = await ana.SaidAsync(chat.Id);
        Assert.Equal(["user", "assistant", "user", "assistant"], said.Select(message => message.Role));
        Assert.StartsWith(seen.Text, said[1].Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_UnderARunningAnswerThatTheClientDoesNotSee_Is409()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using var old = await chat.SubmitAsync(Endless);
        var seen = await old.UntilTextAsync();
        chat.Messages.Add(new UiMessage(UiMessage.NewId(), "user", Two));
        await chat.RefusedAsync(409, "answer_running");
        chat.Messages.Insert(1, new UiMessage("another-answer", "assistant", "Something"));
        await chat.RefusedAsync(409, "answer_running");
        Assert.Equal("running", Member(await ana.GetAsync($"/api/v1/messages/{seen.MessageId}"), "status"));
        await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop");
    }

    [Fact]
    public async Task Submit_LastMessageIsAnAnswerThatEndedEarly_GoesOnUnderItsIdWithTheNewAlone()
    {
        using var ana = server.NewUser();
        var whole = await ana.AnsweredAsync("#script tokens=40 reasoning=2 delay=0");
        var chat = new UiChat(ana);
        await using var failing = await chat.SubmitAsync("#script tokens=40 reasoning=2 error-after=20 delay=0");
        var begun = await failing.ToEndAsync();
        Assert.NotNull(begun.Error);
        chat.Show(begun);

        await using var going = await chat.PostAsync(messageId: begun.MessageId);
        var rest = await going.ToEndAsync();
        Assert.Equal((begun.MessageId, true, whole.Text), (rest.MessageId, rest.IsComplete, begun.Text + rest.Text));
        Assert.DoesNotContain("reasoning-delta", rest.Events.Select(json => Member(json, "type")));
        chat.Messages[1] = chat.Messages[1] with { Text = whole.Text };
        Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(chat.Id));

        // The client keeps using the earlier name.
        await chat.AnsweredAsync(Two);
        Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(chat.Id));
    }

    [Fact]
    public async Task Resume_AnAnswerThatGoesOn_IsWholeUnderTheIdThatTheClientHas()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await using var failing = await chat.SubmitAsync("#script tokens=100000 error-after=5 delay=5");
        var begun = chat.Show(await failing.ToEndAsync());
        await using var going = await chat.PostAsync();
        await going.UntilTextAsync();
        await using var resumed = await ana.OpenAsync("ui", "GET", $"/api/chat/{chat.Id}/stream");
        await ana.JsonAsync("POST", $"/api/chat/{chat.Id}/stop");
        var (rest, all) = (await going.ToEndAsync(), await resumed.ToEndAsync());
        Assert.Equal((begun.MessageId, begun.Text + rest.Text), (all.MessageId, all.Text));
    }

    [Fact]
    public async Task Submit_ResultOfAToolOfThePage_TheSameMessageGoesOn()
    {
        // addToolOutput(): the last message is the answer, now with what its call returned.
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        var called = await chat.AnsweredAsync("#script tool=2 tokens=3 delay=0");
        var call = Assert.Single(called.Events, json => Member(json, "type") == "tool-input-available");
        Assert.Equal(("get_weather", """{"city":"Paris"}""", ""), (Member(call, "toolName"), Member(call, "input"), called.Text));
        object Body(string state, object? output) =>
            new
            {
                id = chat.Id,
                model = "scripted",
                trigger = "submit-message",
                messageId = called.MessageId,
                messages = new[]
                {
                    chat.Messages[0].ToJson(),
                    new
                    {
                        id = called.MessageId,
                        role = "assistant",
                        parts = new object[]
                        {
                            new { type = "step-start" },
                            new
                            {
                                type = "tool-get_weather",
                                toolCallId = Member(call, "toolCallId"),
                                state,
                                input = new { city = "Paris" },
                                output,
                            },
                        },
                    },
                },
            };
        await ana.RefusedAsync(400, "tool_result_required", "POST", "/api/chat", Body("input-available", null));
        var rest = await ana.ReadAsync("ui", "POST", "/api/chat", Body("output-available", new { temperature = 21 }));
        Assert.Equal(
            (called.MessageId, true, (await ana.AnsweredAsync("#script tokens=3 delay=0")).Text),
            (rest.MessageId, rest.IsComplete, rest.Text)
        );
        await ana.RefusedAsync(409, "answer_complete", "POST", "/api/chat", Body("output-available", new { temperature = 22 }));
        chat.Messages[1] = chat.Messages[1] with { Text = rest.Text };
        await chat.AnsweredAsync(Two);
        Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(chat.Id));
    }

    [Fact]
    public async Task Submit_LastMessageIsAnAnswerThatCannotGoOn_IsRefused()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await chat.AnsweredAsync(Two);
        await chat.RefusedAsync(409, "answer_complete");
        chat.Messages.Add(new UiMessage("unknown", "assistant", "x"));
        await chat.RefusedAsync(400, "message_not_found");

        var running = new UiChat(ana);
        await using var stream = await running.SubmitAsync(Endless);
        running.Show(await stream.UntilTextAsync());
        await running.RefusedAsync(409, "answer_running");
        await ana.JsonAsync("POST", $"/api/chat/{running.Id}/stop");
    }

    [Fact]
    public async Task Chats_OfTwoUsersUnderOneName_AreTwo()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        var hers = new UiChat(ana, "conversation-123");
        var his = new UiChat(ben, "conversation-123");
        await hers.AnsweredAsync("#script tokens=2 delay=0 hers");
        await his.AnsweredAsync("#script tokens=3 delay=0 his");
        await hers.AnsweredAsync("#script tokens=4 delay=0 hers");
        Assert.Equal(hers.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(hers.Id));
        Assert.Equal(his.Messages.Select(message => (message.Role, message.Text)), await ben.SaidAsync(his.Id));

        // The id of another user's conversation is a name like any other.
        await using var begun = await new UiChat(ana).SubmitAsync(Two);
        await begun.ToEndAsync();
        var taken = new UiChat(ben, begun.ConversationId);
        await taken.AnsweredAsync("#script tokens=2 delay=0 his");
        Assert.Equal(taken.Messages.Select(message => (message.Role, message.Text)), await ben.SaidAsync(taken.Id));
        Assert.Equal(2, (await ana.SaidAsync(begun.ConversationId)).Count);
    }

    [Fact]
    public async Task Chats_OfOnePersonAtOnce_GoOnIndependently()
    {
        using var ana = server.NewUser();
        await ana.IdAsync(); // or each chat that begins without one would get an identity of its own
        var chats = await Task.WhenAll(
            Enumerable
                .Range(1, 8)
                .Select(async i =>
                {
                    var chat = new UiChat(ana);
                    await chat.AnsweredAsync($"#script tokens={i} delay=2");
                    await chat.AnsweredAsync($"#script tokens={2 * i} delay=2");
                    return chat;
                })
        );
        foreach (var chat in chats)
        {
            Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), await ana.SaidAsync(chat.Id));
        }
    }

    [Fact]
    public async Task Chat_BegunTwiceAtOnce_IsBegunOnce()
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        var chats = Enumerable.Range(1, 6).Select(_ => new UiChat(ana, "begun-at-once")).ToList();
        var statuses = await Task.WhenAll(
            chats.Select(async chat =>
            {
                chat.Messages.Add(new UiMessage(UiMessage.NewId(), "user", "#script first=100 tokens=1 delay=0"));
                using var response = await ana.SendAsync("POST", "/api/chat", chat.Body());
                if (!response.IsSuccessStatusCode)
                {
                    Assert.Equal("answer_running", Member(await Problem.ReadAsync(response), "code"));
                }

                return (int)response.StatusCode;
            })
        );
        Assert.Equal([200, 409, 409, 409, 409, 409], statuses.Order());
        Assert.Equal(1, (await ana.GetAsync("/api/v1/chat")).GetProperty("total").GetInt32());
    }

    [Theory]
    [InlineData("stream")]
    [InlineData("start")]
    [InlineData("history")]
    [InlineData("text")]
    [InlineData("ticket")]
    [InlineData("conversations")]
    [InlineData("stop")]
    [InlineData("Stream")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a b")]
    [InlineData("ü")]
    [InlineData("a\u007f")]
    [InlineData("long")]
    public async Task Chat_NamedAsARouteOrUnfitForOne_IsRefused(string id)
    {
        using var ana = server.NewUser();
        if (id == "long")
        {
            id = new string('x', 129);
        }

        foreach (var api in new[] { "/api/chat", "/api/v1/chat" })
        {
            var chat = new UiChat(ana, id, api);
            chat.Messages.Add(new UiMessage("u", "user", Two));
            Assert.True(Problem.Names(await chat.RefusedAsync(400, "invalid_id"), "id"));
            Assert.True(
                Problem.Names(
                    await ana.RefusedAsync(
                        400,
                        "invalid_id",
                        "POST",
                        "/chat/start",
                        new
                        {
                            modelId = "scripted",
                            prompt = "x",
                            chatId = id,
                        }
                    ),
                    "chatId"
                )
            );
        }

        Assert.Equal(0, (await ana.GetAsync("/api/v1/chat")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Chat_NameOfEveryKindThatFits_FindsItAgain()
    {
        using var ana = server.NewUser();
        foreach (
            var id in new[]
            {
                "a",
                new string('x', 128),
                "user:1;a=b",
                "{id}",
                "%2F",
                "a+b",
                "-1",
                "🙂".Length.ToString(null, null),
                "DROP'--",
                "~!@$^&*()_=[]|,<>?#\"",
            }
        )
        {
            var chat = new UiChat(ana, id);
            await chat.AnsweredAsync(Two);
            Assert.Equal(2, (await ana.SaidAsync(Uri.EscapeDataString(id))).Count);
            using var idle = await ana.SendAsync("GET", $"/api/chat/{Uri.EscapeDataString(id)}/stream");
            Assert.Equal(204, (int)idle.StatusCode);
        }
    }

    [Theory]
    [InlineData(
        """{"role":"user","parts":[{"type":"file","mediaType":"image/png","url":"data:,x"},{"type":"text","text":"What is this?"}]}"""
    )]
    [InlineData("""{"role":"user","content":"What is this?","experimental_attachments":[{"url":"data:,x"}]}""")]
    [InlineData(
        """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,x"}},{"type":"text","text":"What is this?"}]}"""
    )]
    [InlineData("""{"role":"user","content":[{"type":"image","image":"x"},{"type":"text","text":"What is this?"}]}""")]
    public async Task Submit_Files_AreRefusedAndNotPassedOver(string message)
    {
        using var ana = server.NewUser();
        foreach (var path in new[] { "/api/chat", "/api/v1/chat" })
        {
            Assert.True(
                Problem.Names(
                    await ana.RefusedAsync(400, "files_not_supported", "POST", path, $$"""{"id":"c","messages":[{{message}}]}"""),
                    "messages"
                )
            );
            await ana.RefusedAsync(400, "files_not_supported", "POST", path, $$"""{"messages":[{{message}}]}""");
        }

        Assert.Equal(0, (await ana.GetAsync("/api/v1/chat")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Submit_ModelRefusesAtOnce_IsAStatusThatTheClientShows()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        chat.Messages.Add(new UiMessage("u", "user", "#http429"));
        using var response = await ana.SendAsync("POST", "/api/chat", chat.Body());
        var problem = await Problem.ReadAsync(response);
        Assert.Equal(
            (429, "provider_rate_limited", true),
            ((int)response.StatusCode, Member(problem, "code"), response.Headers.RetryAfter is not null)
        );
        Assert.NotEmpty(Member(problem, "generationId")!);

        // The turn is stored: the same message again asks again.
        chat.Messages[0] = chat.Messages[0] with { Text = Two };
        await using var again = await chat.PostAsync();
        Assert.True((await again.ToEndAsync()).IsComplete);
    }

    [Fact]
    public async Task Submit_OtherModel_AnswersTheRestWithIt()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        await chat.AnsweredAsync(Two);
        var other = new UiChat(ana, chat.Id, model: "demo/parley");
        other.Messages.AddRange(chat.Messages);
        await other.AnsweredAsync("Hello");
        var usual = new UiChat(ana, chat.Id, model: null);
        usual.Messages.AddRange(other.Messages);
        await usual.AnsweredAsync("Hello again");
        var models = (await ana.GetAsync($"/api/v1/chat/{chat.Id}?order=asc"))
            .GetProperty("messages")
            .EnumerateArray()
            .Where(message => Member(message, "role") == "assistant")
            .Select(message => Member(message, "model"));
        Assert.Equal(["demo/scripted", "demo/parley", "demo/parley"], models);
        usual.Messages.Add(new UiMessage("u9", "user", "x"));
        await new UiChat(ana, chat.Id, model: "unknown/model") { Messages = { usual.Messages[^1] } }.RefusedAsync(400, "model_not_found");
    }

    [Fact]
    public async Task Submit_VeryLongAnswer_IsWhole()
    {
        using var ana = server.NewUser();
        var chat = new UiChat(ana);
        var answer = await chat.AnsweredAsync("#script tokens=2000 delay=0");
        Assert.True(answer.IsComplete && answer.Text.Length > 10_000);
        Assert.Equal((await ana.AnsweredAsync("#script tokens=2000 delay=0")).Text, answer.Text);
        Assert.Equal(answer.Text, (await ana.SaidAsync(chat.Id))[1].Content);
    }

    [Fact]
    public async Task Submit_Parameters_ReachTheModel()
    {
        await using var upstream = await Upstream.SayingAsync("stop", "Yes.");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        object[] bodies =
        [
            new
            {
                id = "c1",
                messages = new[] { new UiMessage("u", "user", "x").ToJson() },
                trigger = "submit-message",
                model = "up/m",
                temperature = 0.25,
                topP = 0.5,
                maxTokens = 77,
            },
            new
            {
                id = "c2",
                messages = new[] { new { role = "user", content = "x" } },
                modelId = "up/m",
                temperature = 0.25,
                top_p = 0.5,
                max_tokens = 77,
            },
            new
            {
                messages = new[] { new { role = "user", content = "x" } },
                model = "up/m",
                temperature = 0.25,
                topP = 0.5,
                maxOutputTokens = 77,
                stream = false,
            },
        ];
        foreach (var body in bodies)
        {
            using var response = await ana.SendAsync("POST", "/api/chat", body);
            Assert.True(response.IsSuccessStatusCode);
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var asked = upstream.Requests.Last();
            Assert.Equal((0.25, 0.5), (asked.GetProperty("temperature").GetDouble(), asked.GetProperty("top_p").GetDouble()));
            Assert.Contains(
                77,
                new[] { "max_tokens", "max_completion_tokens" }
                    .Where(name => asked.TryGetProperty(name, out _))
                    .Select(name => asked.GetProperty(name).GetInt32())
            );
        }
    }

    private static List<string> Told(Upstream upstream) =>
        [.. upstream.Requests.Last().GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").ToString())];

    private static string? Member(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.ToString() : null;
}
