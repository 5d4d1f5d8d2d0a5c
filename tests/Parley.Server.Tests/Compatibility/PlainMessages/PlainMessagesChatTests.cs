using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Data.Sql;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.PlainMessages;

/// <summary><c>POST /api/chat</c> with <c>{ messages, temperature?, stream?, conversationId?, store? }</c>.</summary>
public sealed class PlainMessagesChatTests(ParleyServer server)
{
    private const string Two = "#script tokens=2 delay=0";
    private const string Endless = "#script tokens=100000 delay=5";

    [Fact]
    public async Task Stream_ReadByASimpleClient_ShowsTheAnswerGrow()
    {
        // A simple client splits at line feeds and parses every line that starts with "data: " as JSON.
        using var ana = server.NewUser();
        await using var stream = await ana.OpenAsync(
            "content",
            "POST",
            "/api/chat",
            new
            {
                messages = new[] { new { role = "user", content = "#script tokens=60 reasoning=3 tool=1 delay=10" } },
                temperature = 0.7,
                stream = true,
                model = "scripted",
            }
        );
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.MediaType);
        var answer = await stream.ToEndAsync();
        var contents = stream
            .Raw.Split('\n')
            .Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
            .Select(line => JsonElement.Parse(line[6..]).GetProperty("content").GetString()!)
            .ToList();
        Assert.True(contents.Count > 5);
        for (var i = 1; i < contents.Count; i++)
        {
            Assert.StartsWith(contents[i - 1], contents[i], StringComparison.Ordinal);
        }

        Assert.Equal((await ana.AnsweredAsync("#script tokens=60 delay=0")).Text, contents[^1]);
        Assert.Equal((contents[^1], true, "stop"), (answer.Text, answer.IsComplete, Member(answer.Events[^1], "finishReason")));
        Assert.All(answer.Events.SkipLast(1), json =>
            Assert.Equal(["content", "delta"], json.EnumerateObject().Select(member => member.Name))
        );
        Assert.DoesNotContain("[DONE]", stream.Raw, StringComparison.Ordinal);
        Assert.DoesNotContain("event:", stream.Raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_FirstText_IsNotHeldBack()
    {
        // Pacing never delays the first event.
        using var ana = server.NewUser();
        await using var stream = await ana.OpenAsync(
            "content",
            "POST",
            "/api/chat",
            Body("#script tokens=100000 delay=600000", stream: true)
        );
        Assert.Equal("№1 ", (await stream.UntilTextAsync()).Text);
        await ana.JsonAsync("POST", $"/api/v1/generations/{stream.GenerationId}/stop");
        Assert.True((await stream.ToEndAsync()).IsComplete);
    }

    [Fact]
    public async Task Stream_ModelThatPauses_ShowsWhatThereIs()
    {
        // Text is held back for more words only for a limited time.
        await using var upstream = await Upstream.StartAsync(
            async (_, response) =>
            {
                foreach (var word in new[] { "One ", "two " })
                {
                    await Upstream.SendAsync(response, $$$"""{"choices":[{"index":0,"delta":{"content":"{{{word}}}"}}]}""");
                }

                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, response.HttpContext.RequestAborted)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        );
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        await using var stream = await ana.OpenAsync("content", "POST", "/api/chat", Body("x", stream: true, model: "up/m"));
        Assert.Equal("One two ", (await stream.UntilAsync(read => read.Text.Length > 4)).Text);
        await ana.JsonAsync("POST", $"/api/v1/generations/{stream.GenerationId}/stop");
    }

    [Fact]
    public async Task StreamFalse_OneObject()
    {
        using var ana = server.NewUser();
        var one = await ana.JsonAsync("POST", "/api/chat", Body(Two, stream: false));
        Assert.Equal(
            ((await ana.AnsweredAsync(Two)).Text, "stop", "completed"),
            (Member(one, "content"), Member(one, "finishReason"), Member(one, "status"))
        );
    }

    [Theory]
    [InlineData("-0.1")]
    [InlineData("2.1")]
    [InlineData("1e400")]
    public async Task Temperature_OutOfRange_IsRefused(string temperature)
    {
        using var ana = server.NewUser();
        Assert.True(
            Problem.Names(
                await ana.RefusedAsync(
                    400,
                    "out_of_range",
                    "POST",
                    "/api/chat",
                    $$"""{"messages":[{"role":"user","content":"x"}],"temperature":{{temperature}}}"""
                ),
                "temperature"
            )
        );
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0.7")]
    [InlineData("2")]
    [InlineData("null")]
    public async Task Temperature_InRange_IsTaken(string temperature)
    {
        using var ana = server.NewUser();
        Assert.True(
            (
                await ana.ReadAsync(
                    "content",
                    "POST",
                    "/api/chat",
                    $$"""{"messages":[{"role":"user","content":"{{Two}}"}],"model":"scripted","temperature":{{temperature}}}"""
                )
            ).IsComplete
        );
    }

    [Fact]
    public async Task Messages_OfEveryRole_AreToldToTheModelAsTheyAre()
    {
        await using var upstream = await Upstream.SayingAsync("stop", "「は」は…");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        object[] messages =
        [
            new { role = "system", content = "Answer briefly." },
            new { role = "user", content = "Explain particle は" },
            new { role = "assistant", content = "It marks the topic." },
            new { role = "developer", content = "In Japanese." },
            new { role = "user", content = new[] { new { type = "text", text = "もう一度" } } },
        ];
        var answer = await ana.ReadAsync(
            "content",
            "POST",
            "/api/chat",
            new
            {
                messages,
                temperature = 0.7,
                model = "up/m",
            }
        );
        Assert.Equal("「は」は…", answer.Text);
        var told = upstream.Requests.Single();
        Assert.Equal(
            [
                ("system", "Answer briefly."),
                ("user", "Explain particle は"),
                ("assistant", "It marks the topic."),
                ("system", "In Japanese."),
                ("user", "もう一度"),
            ],
            told.GetProperty("messages")
                .EnumerateArray()
                .Select(message => (message.GetProperty("role").GetString()!, message.GetProperty("content").ToString()))
        );
        Assert.Equal(0.7, told.GetProperty("temperature").GetDouble(), 5);
    }

    [Fact]
    public async Task Stateless_Answer_IsInNoListAndCanBeFollowed()
    {
        // Without a conversation nothing is stored, unless `store` is true.
        using var ana = server.NewUser();
        await using var stream = await ana.OpenAsync("content", "POST", "/api/chat", Body(Two, stream: true));
        var answer = await stream.ToEndAsync();
        foreach (var list in new[] { "/api/v1/conversations", "/api/v1/chat", "/api/v1/chat?archived=include", "/api/chat/conversations" })
        {
            Assert.Equal(0, (await ana.GetAsync(list)).GetProperty("total").GetInt32());
        }

        await using var again = await ana.FollowAsync(stream.GenerationId);
        Assert.Equal(answer.Text, (await again.ToEndAsync()).Text);
        await ana.RefusedAsync(404, "not_found", "POST", "/api/chat", Body("x", conversation: stream.ConversationId));
    }

    [Fact]
    public async Task Stateless_Answer_IsSweptInTimeAndNotWhileItIsWritten()
    {
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        await using var ended = await ana.OpenAsync("content", "POST", "/api/chat", Body(Two, stream: true), ("Idempotency-Key", "key-1"));
        await ended.ToEndAsync();
        await using var running = await ana.OpenAsync("content", "POST", "/api/chat", Body(Endless, stream: true));
        await running.UntilTextAsync();
        var kept = await ana.AnsweredAsync(Two);

        var store = own.Services.GetRequiredService<ChatStore>();
        var now = TimeProvider.System.GetUtcNow();
        Assert.Equal(0, await store.SweepAsync(now.AddHours(23), 200));
        Assert.Equal(1, await store.SweepAsync(now.AddHours(25), 200));
        Assert.Equal(
            new[] { running.ConversationId, kept.ConversationId }.Order(StringComparer.Ordinal),
            own.Tables.Query("SELECT id FROM conversations ORDER BY id", row => row.GetString(0))
        );
        Assert.Equal(
            (2, 2, 0),
            (own.Tables.Count("generations"), own.Tables.Count("messages", "role = 'assistant'"), own.Tables.Count("idempotency_keys"))
        );
        await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{ended.GenerationId}/events");
        await running.UntilAsync(read => read.Pieces.Count > 3);
        await ana.JsonAsync("POST", $"/api/v1/generations/{running.GenerationId}/stop");
        Assert.Equal(1, await store.SweepAsync(now.AddHours(25), 200));
        Assert.Equal(2, (await ana.SaidAsync(kept.ConversationId)).Count);
    }

    [Fact]
    public async Task Store_KeepsTheWholeConversation()
    {
        using var ana = server.NewUser();
        object[] messages =
        [
            new { role = "user", content = "First question" },
            new { role = "assistant", content = "First answer" },
            new { role = "user", content = Two },
        ];
        await using var stream = await ana.OpenAsync(
            "content",
            "POST",
            "/api/chat",
            new
            {
                messages,
                store = true,
                model = "scripted",
            }
        );
        var answer = await stream.ToEndAsync();
        Assert.Equal(
            [("user", "First question"), ("assistant", "First answer"), ("user", Two), ("assistant", answer.Text)],
            await ana.SaidAsync(stream.ConversationId)
        );
        var listed = Assert.Single((await ana.GetAsync("/api/chat/conversations")).GetProperty("conversations").EnumerateArray());
        Assert.Equal(
            (stream.ConversationId, "First question", 4),
            (Member(listed, "id"), Member(listed, "title"), listed.GetProperty("message_count").GetInt32())
        );
    }

    [Theory]
    [InlineData("conversationId")]
    [InlineData("conversation_id")]
    public async Task Conversation_LastMessage_IsTheNewTurn(string member)
    {
        // The model gets the stored messages, whatever the request repeats.
        await using var upstream = await Upstream.SayingAsync("stop", "Yes.");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        var conversation = (
            await ana.JsonAsync("POST", "/api/chat/conversations", new { title = "Japanese Grammar Questions", model = "up/m" }, 201)
        )
            .GetProperty("id")
            .GetString()!;
        for (var turn = 1; turn <= 2; turn++)
        {
            Assert.True(
                (
                    await ana.ReadAsync(
                        "content",
                        "POST",
                        "/api/chat",
                        $$"""{"messages":[{"role":"user","content":"invented"},{"role":"user","content":"Question {{turn}}"}],"{{member}}":"{{conversation}}"}"""
                    )
                ).IsComplete
            );
        }

        Assert.Equal(
            ["Question 1", "Yes.", "Question 2"],
            upstream.Requests.Last().GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").ToString())
        );
        Assert.Equal(
            [("user", "Question 1"), ("assistant", "Yes."), ("user", "Question 2"), ("assistant", "Yes.")],
            await ana.SaidAsync(conversation)
        );
        Assert.Equal(
            "Japanese Grammar Questions",
            Member((await ana.GetAsync($"/api/v1/chat/{conversation}")).GetProperty("conversation"), "title")
        );
    }

    [Fact]
    public async Task Conversation_MissingOrBusy_IsRefused()
    {
        using var ana = server.NewUser();
        await ana.RefusedAsync(404, "not_found", "POST", "/api/chat", Body("x", conversation: "unknown"));
        await using var running = await ana.OpenAsync(
            "content",
            "POST",
            "/api/chat",
            new
            {
                messages = new[] { new { role = "user", content = Endless } },
                store = true,
                model = "scripted",
            }
        );
        await running.UntilTextAsync();
        await ana.RefusedAsync(409, "answer_running", "POST", "/api/chat", Body("x", conversation: running.ConversationId));
        await ana.JsonAsync("POST", $"/api/chat/{running.ConversationId}/stop");
        Assert.True((await ana.ReadAsync("content", "POST", "/api/chat", Body(Two, conversation: running.ConversationId))).IsComplete);
    }

    [Fact]
    public async Task IdempotencyKey_TheSameRequestAgain_Attaches()
    {
        using var ana = server.NewUser();
        (string, string) key = ("Idempotency-Key", "\"key-1\"");
        await using var first = await ana.OpenAsync("content", "POST", "/api/chat", Body(Two, stream: true), key);
        await using var second = await ana.OpenAsync("content", "POST", "/api/chat", Body(Two, stream: true), key);
        Assert.Equal((first.GenerationId, (await first.ToEndAsync()).Text), (second.GenerationId, (await second.ToEndAsync()).Text));
        await ana.RefusedAsync(422, "idempotency_key_reused", "POST", "/api/chat", Body("another", stream: true), key);
        await ana.RefusedAsync(
            422,
            "idempotency_key_reused",
            "POST",
            "/api/chat",
            new
            {
                messages = new[] { new { role = "user", content = Two } },
                model = "scripted",
                temperature = 1,
            },
            key
        );
    }

    [Fact]
    public async Task Failure_InTheMiddle_IsTheLastEventWithTheTextSoFar()
    {
        using var ana = server.NewUser();
        await using var stream = await ana.OpenAsync(
            "content",
            "POST",
            "/api/chat",
            Body("#script tokens=9 error-after=4 delay=0", stream: true)
        );
        var answer = await stream.ToEndAsync();
        var last = answer.Events[^1];
        Assert.Equal((false, answer.Text), (answer.IsComplete, Member(last, "content")));
        Assert.Equal("provider_reported_error", Member(last.GetProperty("error"), "code"));
        Assert.NotEmpty(answer.Text);
        Assert.NotEmpty(answer.Error!);
    }

    [Fact]
    public async Task Failure_BeforeAnything_IsAStatus()
    {
        using var ana = server.NewUser();
        using var response = await ana.SendAsync("POST", "/api/chat", Body("#http429", stream: true));
        Assert.Equal("provider_rate_limited", Member(await Problem.ReadAsync(response), "code"));
        Assert.Equal((429, true), ((int)response.StatusCode, response.Headers.RetryAfter is not null));
        await ana.RefusedAsync(429, "provider_rate_limited", "POST", "/api/chat", Body("#http429", stream: false));
    }

    private static object Body(string text, bool? stream = null, string? conversation = null, string model = "scripted") =>
        new
        {
            messages = new[] { new { role = "user", content = text } },
            stream,
            conversationId = conversation,
            model,
        };

    private static string? Member(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value)
            ? value.ValueKind == JsonValueKind.Null
                ? null
                : Convert.ToString(value, CultureInfo.InvariantCulture)
            : null;
}
