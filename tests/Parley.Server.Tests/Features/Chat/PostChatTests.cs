using System.Text.RegularExpressions;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Features.Chat;

/// <summary><c>POST /api/chat</c>.</summary>
public sealed partial class PostChatTests(ParleyServer server)
{
    [Fact]
    public async Task Send_BeforeTheModelAnswers_StartAndTypingAreThere()
    {
        // The server's own time, stored when the message is accepted.
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script first=60000");
        var start = await answer.NextAsync();
        var typing = await answer.NextAsync();
        Assert.Equal(("start", "0", "typing", "0"), (start!.Type, start.Id, typing!.Type, typing.Id));
        Assert.Equal(
            (answer.ConversationId, answer.GenerationId, "demo/scripted"),
            (start["conversationId"], start["generationId"], start["model"])
        );
        Assert.Equal(1000, answer.Retry);
        await ana.JsonAsync("POST", $"/api/v1/generations/{answer.GenerationId}/stop");
    }

    [Fact]
    public async Task Send_Frames_AreDataThenIdThenBlankLine()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=20 reasoning=3 tool=1 delay=1");
        await answer.ToEndAsync();
        var frames = answer.Raw.Split("\n\n");
        Assert.Equal("", frames[^1]);
        Assert.StartsWith("data: {\"type\":\"start\"", frames[0], StringComparison.Ordinal);
        Assert.All(frames[..^1], frame => Assert.Matches(Frame(), frame));
        Assert.DoesNotContain('\r', answer.Raw);
        Assert.DoesNotContain("[DONE]", answer.Raw, StringComparison.Ordinal);
    }

    [GeneratedRegex("^(: hb|data: \\{\"type\":\"[a-z-]+\".*\\}\nid: [0-9]+(\nretry: 1000)?)$")]
    private static partial Regex Frame();

    [Fact]
    public async Task Send_WholeAnswer_ComesInOrderWithRisingPositions()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=9 reasoning=3 delay=1");
        var types = answer
            .Events.Select(next => next.Type)
            .Aggregate(new List<string>(), (list, type) =>
            {
                if (list.Count == 0 || list[^1] != type)
                {
                    list.Add(type);
                }

                return list;
            });
        Assert.Equal(["start", "typing", "reasoning", "token", "done"], types);
        var positions = answer.Events.Skip(2).Select(next => next.Position).ToList();
        Assert.Equal(positions.Order().Distinct(), positions);
        Assert.Equal("stop", answer.Last["finishReason"]);
        Assert.Equal(12, answer.Last.Json.GetProperty("usage").GetProperty("outputTokens").GetInt32());
        Assert.Equal(3, answer.Last.Json.GetProperty("usage").GetProperty("reasoningTokens").GetInt32());
        Assert.Contains("№1", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_ToolCall_ComesAsCallArgumentsResult()
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync("#script tokens=3 tool=1 delay=1");
        var call = Assert.Single(answer.Events, next => next.Type == "tool");
        var arguments = string.Concat(answer.Events.Where(next => next.Type == "tool-arguments").Select(next => next.Content));
        var result = Assert.Single(answer.Events, next => next.Type == "tool-result");
        Assert.Equal(("get_weather", "{\"city\":\"Paris\"}", call["callId"]), (call["name"], arguments, result["callId"]));
        Assert.Equal("Paris", result.Json.GetProperty("result").GetProperty("city").GetString());
    }

    [Fact]
    public async Task Send_Headers_AreSafeForProxies()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script tokens=1");
        var headers = answer.Response.Headers;
        Assert.Equal("text/event-stream; charset=utf-8", answer.Response.Content.Headers.ContentType!.ToString());
        Assert.True(headers.CacheControl is { NoCache: true, NoTransform: true });
        Assert.Equal(["no"], headers.GetValues("X-Accel-Buffering"));
        Assert.Equal(["nosniff"], headers.GetValues("X-Content-Type-Options"));
        Assert.Null(answer.Response.Content.Headers.ContentLength);
        Assert.True(headers.TransferEncodingChunked);
        Assert.False(headers.Contains("Server"));
        Assert.Empty(answer.Response.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task Send_StreamFalse_AnswersOneObject()
    {
        using var ana = server.NewUser();
        var streamed = await ana.AnsweredAsync("#script tokens=7 reasoning=2 delay=0");
        var one = await ana.JsonAsync(
            "POST",
            "/api/chat",
            new
            {
                message = "#script tokens=7 reasoning=2 delay=0",
                model = "scripted",
                stream = false,
            }
        );
        Assert.Equal(
            (streamed.Text, "stop", "completed", "demo/scripted"),
            (Member(one, "content"), Member(one, "finishReason"), Member(one, "status"), Member(one, "model"))
        );
        Assert.Equal(9, one.GetProperty("usage").GetProperty("outputTokens").GetInt32());
        var message = await ana.GetAsync($"/api/v1/messages/{Member(one, "messageId")}");
        Assert.Equal(
            (Member(one, "conversationId"), Member(one, "generationId")),
            (Member(message, "conversationId"), Member(message, "generationId"))
        );
    }

    [Fact]
    public async Task Send_StreamFalseAndTheModelFails_AnswersAProblemThatNamesTheAnswer()
    {
        using var ana = server.NewUser();
        var problem = await ana.RefusedAsync(
            502,
            "provider_reported_error",
            "POST",
            "/api/chat",
            new
            {
                message = "#script tokens=9 error-after=4 delay=0",
                model = "scripted",
                stream = false,
            }
        );
        var message = await ana.GetAsync($"/api/v1/messages/{Member(problem, "messageId")}");
        Assert.Equal(("failed", Member(problem, "generationId")), (Member(message, "status"), Member(message, "generationId")));
        Assert.NotEmpty(Member(message, "content")!);
    }

    [Theory]
    [InlineData("#http429", "provider_rate_limited")]
    [InlineData("#script tokens=5 error-after=0 delay=0", "provider_reported_error")]
    public async Task Send_ModelFailsAfterTheFirstByte_TheErrorIsTheLastEvent(string script, string code)
    {
        using var ana = server.NewUser();
        var answer = await ana.AnsweredAsync(script);
        Assert.Equal(("error", code, "failed"), (answer.Last.Type, answer.Last["code"], answer.Last["status"]));
        Assert.NotEmpty(answer.Last["message"]!);
        Assert.True(answer.Last.Json.GetProperty("retryable").GetBoolean());
    }

    [Fact]
    public async Task Send_WithoutModel_TheDefaultAnswers()
    {
        using var ana = server.NewUser();
        var nothing = await ana.AnsweredAsync("Hello", model: null);
        var auto = await ana.AnsweredAsync("Hello", model: "auto");
        Assert.Equal(("demo/parley", "demo/parley"), (nothing.Events[0]["model"], auto.Events[0]["model"]));
    }

    [Fact]
    public async Task Send_InAConversation_GoesUnderItsNewestMessage()
    {
        using var ana = server.NewUser();
        var first = await ana.AnsweredAsync("#script tokens=2 delay=0");
        var second = await ana.AnsweredAsync("#script tokens=3 delay=0", first.ConversationId);
        var messages = (await ana.GetAsync($"/api/v1/conversations/{first.ConversationId}/messages"))
            .GetProperty("items")
            .EnumerateArray()
            .ToList();
        Assert.Equal(["user", "assistant", "user", "assistant"], messages.Select(message => Member(message, "role")));
        Assert.Equal(
            (first.ConversationId, first.MessageId, second.MessageId),
            (second.ConversationId, Member(messages[2], "parentId"), Member(messages[3], "id"))
        );
    }

    [Fact]
    public async Task Send_WithParent_BranchesThere()
    {
        using var ana = server.NewUser();
        var first = await ana.AnsweredAsync("#script tokens=2 delay=0");
        await ana.AnsweredAsync("#script tokens=3 delay=0 one", first.ConversationId);
        var branch = await ana.AnsweredAsync("#script tokens=4 delay=0 two", first.ConversationId, first.MessageId);
        var messages = (await ana.GetAsync($"/api/v1/conversations/{first.ConversationId}/messages"))
            .GetProperty("items")
            .EnumerateArray()
            .ToList();
        Assert.Equal(4, messages.Count);
        Assert.Equal((branch.MessageId, 2), (Member(messages[3], "id"), messages[2].GetProperty("siblings").GetArrayLength()));
    }

    [Fact]
    public async Task Send_ParentOfAnotherConversation_Is404AndStoresNothing()
    {
        using var ana = server.NewUser();
        var one = await ana.AnsweredAsync("#script tokens=1 delay=0");
        var two = await ana.AnsweredAsync("#script tokens=1 delay=0");
        await ana.RefusedAsync(
            404,
            "not_found",
            "POST",
            "/api/chat",
            new
            {
                message = "x",
                conversationId = one.ConversationId,
                parentId = two.MessageId,
            }
        );
        await ana.RefusedAsync(404, "not_found", "POST", "/api/chat", new { message = "x", conversationId = one.MessageId });
        await ana.RefusedAsync(400, "conversation_required", "POST", "/api/chat", new { message = "x", parentId = one.MessageId });
        Assert.Equal(2, (await ana.GetAsync($"/api/v1/conversations/{one.ConversationId}")).GetProperty("messageCount").GetInt32());
    }

    [Fact]
    public async Task Send_WhileTheLastAnswerIsWritten_Is409()
    {
        using var ana = server.NewUser();
        await using var answer = await ana.AskAsync("#script first=60000");
        await ana.RefusedAsync(409, "answer_running", "POST", "/api/chat", new { message = "x", conversationId = answer.ConversationId });
    }

    [Fact]
    public async Task Send_MoreAnswersAtOnceThanOneMayHave_Is429WithRetryAfter()
    {
        // Slots are released when answers end.
        using var ana = server.NewUser();
        List<EventStream> running = [];
        for (var i = 0; i < 16; i++)
        {
            running.Add(await ana.AskAsync("#script first=60000"));
        }

        using var refused = await ana.SendAsync("POST", "/api/chat", new { message = "x", model = "scripted" });
        Assert.Equal("too_many_answers", Member(await Problem.ReadAsync(refused), "code"));
        Assert.Equal((429, true), ((int)refused.StatusCode, refused.Headers.RetryAfter is not null));
        await ana.JsonAsync("POST", $"/api/v1/generations/{running[0].GenerationId}/stop");
        await ana.AnsweredAsync("#script tokens=1 delay=0");
        foreach (var stream in running)
        {
            await stream.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("x/y")]
    [InlineData("unknown")]
    [InlineData("demo/other")]
    [InlineData("../../etc/passwd")]
    public async Task Send_UnknownModel_Is400(string model)
    {
        using var ana = server.NewUser();
        await ana.RefusedAsync(400, "model_not_found", "POST", "/api/chat", new { message = "x", model });
        var problem = await ana.RefusedAsync(
            400,
            "model_not_found",
            "POST",
            "/api/chat",
            new { message = "x", model = new string('m', 63) + new string('x', 5000).Replace("x", "🙂", StringComparison.Ordinal) }
        );
        Assert.InRange(Member(problem, "detail")!.Length, 1, 200);
    }

    [Fact]
    public async Task Send_MessageAtTheLimit_IsTakenAndOneByteMoreIsNot()
    {
        // 1 MiB of UTF-8, two bytes a letter
        using var ana = server.NewUser();
        const string script = "#script tokens=1 delay=0 ";
        var answer = await ana.AnsweredAsync(script + new string('a', (1024 * 1024) - script.Length));
        Assert.Equal("done", answer.Last.Type);
        await ana.RefusedAsync(413, "message_too_long", "POST", "/api/chat", new { message = new string('a', (1024 * 1024) + 1) });
        await ana.RefusedAsync(413, "message_too_long", "POST", "/api/chat", $$"""{"message":"{{new string('é', (512 * 1024) + 1)}}"}""");
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\r\n ")]
    [InlineData("\u200B\u200C\u200D\uFEFF\u2060")]
    [InlineData("\u202A\u202E\u2066\u2069")]
    [InlineData("\u0001\u0008")]
    public async Task Send_NothingToRead_Is400(string message)
    {
        using var ana = server.NewUser();
        var problem = await ana.RefusedAsync(400, "text_required", "POST", "/api/chat", new { message });
        Assert.True(problem.GetProperty("errors").TryGetProperty("message", out _));
    }

    [Fact]
    public async Task Send_OddText_IsKeptAsItWasSent()
    {
        // A byte order mark before the body, 100,000 combining marks, and further unusual text
        using var ana = server.NewUser();
        foreach (
            var text in new[]
            {
                "a" + new string('\u0301', 100_000),
                "<script>alert(1)</script> {{x}} =1+1",
                "\u202Eabc \uFFFF \uFDD0 👩‍💻 \u0085\u2028 \u001b[31m",
                "\"\\/\b\f\n\r\t",
            }
        )
        {
            var answer = await ana.AnsweredAsync(text);
            var messages = await ana.GetAsync($"/api/v1/conversations/{answer.ConversationId}/messages");
            Assert.Equal(text, Member(messages.GetProperty("items")[0], "content"));
        }

        using var withBom = await ana.SendAsync("POST", "/api/chat", "\uFEFF{\"message\":\"#script tokens=1\",\"model\":\"scripted\"}");
        Assert.Equal(200, (int)withBom.StatusCode);
    }

    [Theory]
    [InlineData("cross-site", 403)]
    [InlineData("same-site", 403)]
    [InlineData("same-origin", 200)]
    [InlineData("none", 200)]
    public async Task Send_FromAPageOfAnotherSite_IsRefused(string site, int status)
    {
        using var ana = server.NewUser();
        using var response = await ana.SendAsync(
            "POST",
            "/api/chat",
            new { message = "#script tokens=1", model = "scripted" },
            ("Sec-Fetch-Site", site)
        );
        Assert.Equal(status, (int)response.StatusCode);
        if (status == 403)
        {
            Assert.Equal("cross_site", Member(await Problem.ReadAsync(response), "code"));
        }
    }

    [Fact]
    public async Task Send_ReaderLeaves_TheAnswerIsWrittenToItsEnd()
    {
        using var ana = server.NewUser();
        string generation;
        await using (var left = await ana.AskAsync("#script tokens=60 delay=5"))
        {
            await left.UntilAsync("token");
            generation = left.GenerationId;
        }

        await using var back = await ana.FollowAsync(generation);
        var answer = await back.ToEndAsync();
        var whole = await ana.AnsweredAsync("#script tokens=60 delay=0");
        Assert.Equal(("done", whole.Text), (answer.Events[^1].Type, answer.Text));
    }

    private static string? Member(System.Text.Json.JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) ? value.ToString() : null;
}
