using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Data.Sql;
using Parley.Server.Tests.Hosting;
using static Parley.Server.Tests.Compatibility.OpenAI.OpenAIRequests;

namespace Parley.Server.Tests.Compatibility.OpenAI;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
public sealed class ChatCompletionTests(ParleyServer server)
{
    [Fact]
    public async Task Completion_NotStreamed_IsOneObject()
    {
        using var ana = server.NewUser();
        using var response = await ana.SendAsync("POST", Completions, Chat("#script tokens=12 delay=0"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var completion = JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        var generation = response.Header("X-Generation-Id");
        Assert.Equal($"chatcmpl-{generation.Replace("-", "", StringComparison.Ordinal)}", completion.Text("id"));
        Assert.Equal(("chat.completion", "scripted"), (completion.Text("object"), completion.Text("model")));
        var choice = Assert.Single(completion.GetProperty("choices").EnumerateArray());
        Assert.Equal((0, "stop"), (choice.GetProperty("index").GetInt32(), choice.Text("finish_reason")));
        Assert.Equal("assistant", choice.GetProperty("message").Text("role"));
        Assert.False(choice.GetProperty("message").TryGetProperty("tool_calls", out _));
        Assert.Equal(await ana.ScriptedTextAsync(12), completion.Content());
        var usage = completion.GetProperty("usage");
        Assert.Equal(12, usage.GetProperty("completion_tokens").GetInt32());
        Assert.Equal(usage.GetProperty("prompt_tokens").GetInt32() + 12, usage.GetProperty("total_tokens").GetInt32());

        // It is a generation like any other.
        await using var log = await ana.FollowAsync(generation);
        Assert.Equal(completion.Content(), (await log.ToEndAsync()).Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Completion_Streamed_JoinsToTheWholeText(bool includeUsage)
    {
        using var ana = server.NewUser();
        var read = await ana.ReadAsync(
            "chat",
            "POST",
            Completions,
            new
            {
                model = "scripted",
                stream = true,
                stream_options = new { include_usage = includeUsage },
                messages = new[] { new { role = "user", content = "#script tokens=40 delay=1 reasoning=2" } },
            }
        );
        Assert.True(read.IsComplete);
        Assert.Equal(await ana.ScriptedTextAsync(40), read.Text);
        Assert.Single(read.Events.Select(chunk => (chunk.Text("id"), chunk.Text("object"), chunk.Text("model"))).Distinct());
        Assert.Equal("chat.completion.chunk", read.Events[0].Text("object"));

        var chunks = read.Events.Where(chunk => chunk.GetProperty("choices").GetArrayLength() > 0).ToList();
        Assert.Equal("assistant", chunks[0].GetProperty("choices")[0].GetProperty("delta").Text("role"));
        var reasons = chunks.Select(chunk => chunk.GetProperty("choices")[0].Text("finish_reason")).ToList();
        Assert.All(reasons.SkipLast(1), Assert.Null);
        Assert.Equal("stop", reasons[^1]);

        // With include_usage one more chunk, without choices, has the usage; in all others it is null.
        var withUsage = read.Events.Where(chunk => chunk.TryGetProperty("usage", out var usage) && usage.ValueKind != JsonValueKind.Null);
        if (includeUsage)
        {
            var last = Assert.Single(withUsage);
            Assert.Equal(read.Events[^1].GetRawText(), last.GetRawText());
            Assert.Equal(0, last.GetProperty("choices").GetArrayLength());
            var counts = last.GetProperty("usage");
            Assert.Equal(42, counts.GetProperty("completion_tokens").GetInt32());
            Assert.Equal(2, counts.GetProperty("completion_tokens_details").GetProperty("reasoning_tokens").GetInt32());
            Assert.All(chunks, chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind));
        }
        else
        {
            Assert.Empty(withUsage);
            Assert.Equal(chunks.Count, read.Events.Count);
        }
    }

    [Fact]
    public async Task Completion_WhoseClientLeaves_IsWrittenToItsEnd()
    {
        using var ana = server.NewUser();
        string generation;
        await using (var stream = await ana.OpenAsync("chat", "POST", Completions, Chat("#script tokens=40 delay=10", stream: true)))
        {
            generation = stream.GenerationId;
            await stream.UntilTextAsync();
        }

        await using var log = await ana.FollowAsync(generation);
        Assert.Equal("stop", (await log.UntilAsync("done"))["finishReason"]);
        Assert.Equal(await ana.ScriptedTextAsync(40), log.Text);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Store_Alone_MakesItAConversationOfTheLists(bool? store)
    {
        using var ana = server.NewUser();
        const string question = "#script tokens=3 delay=0";
        using var response = await ana.SendAsync("POST", Completions, Stored(store, question));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var conversation = response.Header("X-Conversation-Id");
        var listed = (await ana.GetAsync("/api/v1/conversations")).GetProperty("items").EnumerateArray().ToList();
        if (store != true)
        {
            Assert.Empty(listed);
            return;
        }

        Assert.Equal(conversation, Assert.Single(listed).Text("id"));
        var text = JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Content();
        Assert.Equal(
            [("system", "Be brief."), ("user", "Hello"), ("assistant", "Good day"), ("user", question), ("assistant", text!)],
            await ana.SaidAsync(conversation)
        );
    }

    [Fact]
    public async Task Retention_IsADayByDefault_TenMinutesUnstored_AndUnlimitedWhenStored()
    {
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        Dictionary<string, string> generations = [];
        foreach (var store in (bool?[])[null, false, true])
        {
            using var response = await ana.SendAsync("POST", Completions, Stored(store, "#script tokens=1 delay=0"));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            generations[$"store: {store?.ToString() ?? "absent"}"] = response.Header("X-Generation-Id");
        }

        var now = TimeProvider.System.GetUtcNow();
        var chats = own.Services.GetRequiredService<ChatStore>();
        Assert.Equal(["store: absent", "store: False", "store: True"], await LeftAsync());
        await chats.SweepAsync(now + TimeSpan.FromMinutes(9), 200);
        Assert.Equal(["store: absent", "store: False", "store: True"], await LeftAsync());
        await chats.SweepAsync(now + TimeSpan.FromMinutes(10), 200);
        Assert.Equal(["store: absent", "store: True"], await LeftAsync());
        await chats.SweepAsync(now + TimeSpan.FromHours(23), 200);
        Assert.Equal(["store: absent", "store: True"], await LeftAsync());
        await chats.SweepAsync(now + TimeSpan.FromHours(24), 200);
        Assert.Equal(["store: True"], await LeftAsync());
        await chats.SweepAsync(now + TimeSpan.FromDays(3650), 200);
        Assert.Equal(["store: True"], await LeftAsync());

        async Task<List<string>> LeftAsync()
        {
            List<string> left = [];
            foreach (var (name, id) in generations)
            {
                using var response = await ana.SendAsync("GET", $"/api/v1/generations/{id}");
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    left.Add(name);
                }
            }

            return left;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task IdempotencyKey_SentAgain_AttachesToTheSameAnswer(bool stream)
    {
        using var ana = server.NewUser();
        var body = Chat("#script tokens=40 delay=5", stream);
        (string, string)[] key = [("Idempotency-Key", Guid.NewGuid().ToString())];
        using var first = await ana.SendAsync("POST", Completions, body, key);
        using var during = await ana.SendAsync("POST", Completions, body, key); // when streamed, while it is being written
        using var ended = await ana.SendAsync("POST", Completions, body, key);
        var expected = await ana.ScriptedTextAsync(40);
        foreach (var response in (HttpResponseMessage[])[first, during, ended])
        {
            Assert.Equal(first.Header("X-Generation-Id"), response.Header("X-Generation-Id"));
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Equal(
                expected,
                stream ? (await DecodedAnswer.OfAsync("chat", Encoding.UTF8.GetBytes(text))).Text : JsonElement.Parse(text).Content()
            );
        }

        var (refused, error) = await ana.FailAsync(
            HttpStatusCode.UnprocessableEntity,
            "POST",
            Completions,
            Chat("Something else", stream),
            key
        );
        refused.Dispose();
        Assert.Equal("idempotency_key_reused", error.Text("code"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RateLimit_BeforeTheFirstToken_IsAStatusWithRetryAfter(bool stream)
    {
        using var ana = server.NewUser();
        var (response, error) = await ana.FailAsync(HttpStatusCode.TooManyRequests, "POST", Completions, Chat("#ratelimit", stream));
        using (response)
        {
            Assert.Equal(("rate_limit_error", "rate_limit_exceeded"), (error.Text("type"), error.Text("code")));
            Assert.Equal("0", response.Header("Retry-After"));
            Assert.Equal("0", response.Header("x-ratelimit-remaining-requests"));
            // A client may try again, as it does with any 429.
            Assert.False(response.Headers.Contains("x-should-retry"));
            Assert.NotEmpty(response.Header("X-Generation-Id"));
        }
    }

    [Theory]
    [InlineData(400, HttpStatusCode.BadRequest, "invalid_request_error")]
    [InlineData(401, HttpStatusCode.InternalServerError, "server_error")] // Parley's key is wrong, not the client's
    public async Task Refusal_ThatARetryCannotChange_TellsClientsNotToRetry(int upstreamStatus, HttpStatusCode status, string type)
    {
        await using var upstream = await Upstream.StartAsync(
            async (_, response) =>
            {
                response.StatusCode = upstreamStatus;
                response.ContentType = "application/json";
                await response.Body.WriteAsync("""{"error":{"message":"No.","type":"x","code":null}}"""u8.ToArray());
            }
        );
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        foreach (var stream in (bool[])[false, true])
        {
            var (response, error) = await ana.FailAsync(status, "POST", Completions, ToUpstream(stream));
            using (response)
            {
                Assert.Equal(type, error.Text("type"));
                Assert.Equal("false", response.Header("x-should-retry"));
                Assert.False(response.Headers.Contains("Retry-After"));
            }
        }
    }

    [Fact]
    public async Task Failure_AfterTheFirstToken_EndsTheStreamWithAnErrorAndACutConnection()
    {
        using var ana = server.NewUser();
        await using var stream = await ana.OpenAsync(
            "chat",
            "POST",
            Completions,
            Chat("#script tokens=20 error-after=5 delay=0", stream: true)
        );
        Assert.True(await stream.IsCutAsync());
        var read = await stream.NowAsync();
        Assert.Equal(await ana.ScriptedTextAsync(5), read.Text);
        Assert.False(read.IsComplete);
        Assert.NotNull(read.Error);
        Assert.Equal("server_error", read.Events[^1].GetProperty("error").Text("type"));
        Assert.All(read.Events.SkipLast(1), chunk => Assert.Null(chunk.GetProperty("choices")[0].Text("finish_reason")));
    }

    [Fact]
    public async Task Failure_AfterTheFirstToken_NotStreamed_IsAnErrorThatIsNotRetried()
    {
        using var ana = server.NewUser();
        var (response, error) = await ana.FailAsync(
            HttpStatusCode.InternalServerError,
            "POST",
            Completions,
            Chat("#script tokens=20 error-after=5 delay=0")
        );
        using (response)
        {
            Assert.Equal("server_error", error.Text("type"));
            Assert.Equal("false", response.Header("x-should-retry"));
            // What came before the failure is in the log.
            await using var log = await ana.FollowAsync(response.Header("X-Generation-Id"));
            await log.UntilAsync("error");
            Assert.Equal(await ana.ScriptedTextAsync(5), log.Text);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ToolOfTheClient_IsCalled_AndItsResultIsAnsweredInTheNextRequest(bool stream)
    {
        using var ana = server.NewUser();
        var question = new { role = "user", content = "#script tool=2 tokens=4 delay=0" };
        JsonElement call;
        if (stream)
        {
            var read = await ana.ReadAsync(
                "chat",
                "POST",
                Completions,
                new
                {
                    model = "scripted",
                    stream,
                    messages = new[] { question },
                    tools = new[] { ChatTool },
                }
            );
            Assert.True(read.IsComplete);
            Assert.Equal("tool_calls", read.Events[^1].GetProperty("choices")[0].Text("finish_reason"));
            var deltas = read
                .Events.Select(chunk => chunk.GetProperty("choices")[0].GetProperty("delta"))
                .Where(delta => delta.TryGetProperty("tool_calls", out _))
                .Select(delta => delta.GetProperty("tool_calls")[0])
                .ToList();
            Assert.All(deltas, delta => Assert.Equal(0, delta.GetProperty("index").GetInt32()));
            call = JsonSerializer.SerializeToElement(
                new
                {
                    id = deltas[0].Text("id"),
                    type = deltas[0].Text("type"),
                    function = new
                    {
                        name = deltas[0].GetProperty("function").Text("name"),
                        arguments = string.Concat(
                            deltas.Select(delta =>
                                delta.GetProperty("function").TryGetProperty("arguments", out var some) ? some.GetString() : ""
                            )
                        ),
                    },
                }
            );
        }
        else
        {
            var completion = await ana.JsonAsync(
                "POST",
                Completions,
                new
                {
                    model = "scripted",
                    messages = new[] { question },
                    tools = new[] { ChatTool },
                }
            );
            Assert.Equal("tool_calls", completion.GetProperty("choices")[0].Text("finish_reason"));
            Assert.Null(completion.Content());
            call = Assert.Single(completion.GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls").EnumerateArray());
        }

        Assert.Equal(("function", "get_weather"), (call.Text("type"), call.GetProperty("function").Text("name")));
        Assert.Equal("Paris", JsonElement.Parse(call.GetProperty("function").Text("arguments")).Text("city"));

        var answer = await ana.JsonAsync(
            "POST",
            Completions,
            new
            {
                model = "scripted",
                tools = new[] { ChatTool },
                messages = new object[]
                {
                    question,
                    new
                    {
                        role = "assistant",
                        content = (string?)null,
                        tool_calls = new[] { call },
                    },
                    new
                    {
                        role = "tool",
                        tool_call_id = call.Text("id"),
                        content = """{"temperature":21}""",
                    },
                },
            }
        );
        Assert.Equal("stop", answer.GetProperty("choices")[0].Text("finish_reason"));
        Assert.Equal(await ana.ScriptedTextAsync(4), answer.Content());
    }

    [Fact]
    public async Task ToolOfTheServer_IsNotGivenToTheClient()
    {
        using var ana = server.NewUser();
        const string question = "#script tool=1 tokens=4 delay=0";
        var read = await ana.ReadAsync("chat", "POST", Completions, Chat(question, stream: true));
        Assert.DoesNotContain(read.Events, chunk =>
            chunk.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("tool_calls", out _)
        );
        Assert.Equal(await ana.ScriptedTextAsync(4), read.Text);
        var completion = await ana.JsonAsync("POST", Completions, Chat(question));
        Assert.False(completion.GetProperty("choices")[0].GetProperty("message").TryGetProperty("tool_calls", out _));
        Assert.Equal(read.Text, completion.Content());
    }

    [Fact]
    public async Task Options_AreGivenToTheModel()
    {
        await using var upstream = await Upstream.SayingAsync("stop", "Yes.");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        var completion = await ana.JsonAsync(
            "POST",
            Completions,
            """
            {"model":"up/m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hello"}]}],
            "temperature":0.25,"top_p":0.5,"max_tokens":64,"stop":["END"],"seed":7,"presence_penalty":1,"frequency_penalty":-1,
            "response_format":{"type":"json_object"},"something_new":{"a":1}}
            """
        );
        Assert.Equal("Yes.", completion.Content());
        var asked = Assert.Single(upstream.Requests);
        Assert.Equal("m", asked.Text("model"));
        Assert.Equal(["system", "user"], asked.GetProperty("messages").EnumerateArray().Select(message => message.Text("role")));
        Assert.Equal(
            [0.25, 0.5, 7, 1, -1],
            new[] { "temperature", "top_p", "seed", "presence_penalty", "frequency_penalty" }.Select(name =>
                asked.GetProperty(name).GetDouble()
            )
        );
        Assert.Equal("json_object", asked.GetProperty("response_format").Text("type"));
        Assert.Equal("END", asked.GetProperty("stop")[0].GetString());
        Assert.Contains("64", asked.GetRawText(), StringComparison.Ordinal);
        Assert.False(asked.TryGetProperty("something_new", out _));
    }

    [Fact]
    public async Task Completion_OfAnotherOwner_IsNotFound()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        using var response = await ana.SendAsync("POST", Completions, Chat("#script tokens=1 delay=0"));
        var generation = response.Header("X-Generation-Id");
        await ana.GetAsync($"/api/v1/generations/{generation}");
        await ben.IdAsync();
        await ben.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{generation}");
        await ben.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{generation}/events");
    }

    [Fact]
    public async Task IdempotencyKey_OfAnotherOwner_StartsAnAnswerOfItsOwn()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        (string, string)[] key = [("Idempotency-Key", Guid.NewGuid().ToString())];
        using var first = await ana.SendAsync("POST", Completions, Chat("#script tokens=1 delay=0"), key);
        using var other = await ben.SendAsync("POST", Completions, Chat("#script tokens=1 delay=0"), key);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, other.StatusCode));
        Assert.NotEqual(first.Header("X-Generation-Id"), other.Header("X-Generation-Id"));
    }

    [Fact]
    public async Task Created_IsNow_InSeconds()
    {
        using var ana = server.NewUser();
        var before = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var created = (await ana.JsonAsync("POST", Completions, Chat("#script tokens=1 delay=0"))).GetProperty("created").GetInt64();
        Assert.InRange(created, before, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        Assert.Equal(10, created.ToString(CultureInfo.InvariantCulture).Length);
    }

    private static object ToUpstream(bool stream) =>
        new
        {
            model = "up/m",
            stream,
            messages = new[] { new { role = "user", content = "Hello" } },
        };

    private static string Stored(bool? store, string question) =>
        $$"""
            {"model":"scripted",{{(store is null ? "" : $"\"store\":{(store.Value ? "true" : "false")},")}}
            "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello"},{"role":"assistant","content":"Good day"},{"role":"user","content":"{{question}}"}]}
            """;
}
