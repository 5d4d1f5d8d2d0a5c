using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Data.Sql;
using Parley.Server.Tests.Hosting;
using static Parley.Server.Tests.Compatibility.OpenAI.OpenAIRequests;

namespace Parley.Server.Tests.Compatibility.OpenAI;

/// <summary><c>/v1/responses</c>: create, retrieve, cancel, delete.</summary>
public sealed class ResponseTests(ParleyServer server)
{
    /// <summary>An answer that stays open after five tokens, until it is stopped.</summary>
    private const string Stalling = "#script tokens=20 stall-after=5 delay=0";

    [Fact]
    public async Task Response_NotStreamed_IsOneObject_AndIsRetrievedTheSame()
    {
        using var ana = server.NewUser();
        var created = await ana.JsonAsync(
            "POST",
            Responses,
            """{"model":"scripted","input":"#script tokens=12 delay=0","instructions":"Be brief.","metadata":{"a":"b"},"temperature":0.5}"""
        );
        Assert.Matches("^resp_[0-9a-f]{32}$", created.Text("id"));
        Assert.Equal(
            ("response", "completed", "scripted", "Be brief."),
            (created.Text("object"), created.Text("status"), created.Text("model"), created.Text("instructions"))
        );
        Assert.Equal(JsonValueKind.Null, created.GetProperty("error").ValueKind);
        Assert.Equal(JsonValueKind.Null, created.GetProperty("incomplete_details").ValueKind);
        Assert.Equal("b", created.GetProperty("metadata").Text("a"));
        Assert.Equal(await ana.ScriptedTextAsync(12), created.OutputText());
        Assert.Equal(12, created.GetProperty("usage").GetProperty("output_tokens").GetInt32());
        Assert.Equal(created.GetRawText(), (await ana.GetAsync($"{Responses}/{created.Text("id")}")).GetRawText());
    }

    [Fact]
    public async Task Response_Streamed_IsNumberedEventsThatJoinToTheObject()
    {
        using var ana = server.NewUser();
        var read = await ana.ReadAsync("responses", "POST", Responses, Response("#script tokens=40 delay=1 reasoning=2", stream: true));
        // The reader has checked that the numbers are consecutive.
        Assert.Equal(0, read.Events[0].GetProperty("sequence_number").GetInt32());
        Assert.Equal(("response.created", "response.completed"), (read.Events[0].Text("type"), read.Events[^1].Text("type")));
        Assert.Equal("in_progress", read.Events[0].GetProperty("response").Text("status"));
        Assert.Equal(await ana.ScriptedTextAsync(40), read.Text);
        Assert.Equal(read.Text, read.Events.Single(next => next.Text("type") == "response.output_text.done").Text("text"));

        var response = read.Events[^1].GetProperty("response");
        Assert.Equal(read.Text, response.OutputText());
        Assert.Equal(
            response.Item("message").Text("id"),
            Assert.Single(
                read.Events.Where(next => next.Text("type") == "response.output_text.delta").Select(next => next.Text("item_id")).Distinct()
            )
        );
        Assert.Equal(response.GetRawText(), (await ana.GetAsync($"{Responses}/{response.Text("id")}")).GetRawText());
    }

    [Fact]
    public async Task StartingAfter_EveryEventOfAFinishedResponse_GivesTheRest()
    {
        using var ana = server.NewUser();
        var first = await ana.ReadAsync(
            "responses",
            "POST",
            Responses,
            Response("#script tokens=12 delay=0 reasoning=2 tool=1", stream: true)
        );
        var whole = await ana.ReadAsync("responses", "GET", $"{Responses}/{first.MessageId}?stream=true");
        // An event is the same whenever it is read.
        Assert.Equal(Raw(first.Events), Raw(whole.Events));
        Assert.InRange(whole.Events.Count, 8, 500);
        for (var number = 0; number < whole.Events.Count - 1; number++)
        {
            var rest = await ana.ReadAsync("responses", "GET", $"{Responses}/{first.MessageId}?stream=true&starting_after={number}");
            Assert.Equal(Raw(whole.Events.Skip(number + 1)), Raw(rest.Events));
        }

        // Nothing is left after the last one, or after one that will never be.
        foreach (var number in (int[])[whole.Events.Count - 1, whole.Events.Count + 100])
        {
            var rest = await ana.ReadAsync("responses", "GET", $"{Responses}/{first.MessageId}?stream=true&starting_after={number}");
            Assert.Empty(rest.Events);
        }
    }

    [Fact]
    public async Task StartingAfter_EveryEventOfARunningResponse_GivesTheRest()
    {
        using var ana = server.NewUser();
        await using var stream = await ana.OpenAsync("responses", "POST", Responses, Response("#script tokens=30 delay=10", stream: true));
        List<(int Number, Task<DecodedAnswer> DecodedAnswer)> followers = [];
        var seen = 0;
        while (true)
        {
            var read = await stream.UntilAsync(now => now.Events.Count > seen || now.IsComplete);
            if (read.IsComplete)
            {
                break;
            }

            for (; seen < read.Events.Count; seen++)
            {
                followers.Add((seen, ana.ReadAsync("responses", "GET", $"{Responses}/{read.MessageId}?stream=true&starting_after={seen}")));
            }
        }

        var whole = await stream.ToEndAsync();
        Assert.InRange(followers.Count, 5, 500);
        foreach (var (number, rest) in followers)
        {
            Assert.Equal(Raw(whole.Events.Skip(number + 1)), Raw((await rest).Events));
        }
    }

    [Theory]
    [InlineData("stream=maybe", "stream", "wrong_type")]
    [InlineData("stream=true&stream=false", "stream", "duplicate_parameter")]
    [InlineData("stream=true&starting_after=x", "starting_after", "wrong_type")]
    [InlineData("stream=true&starting_after=-1", "starting_after", "wrong_type")]
    [InlineData("stream=true&starting_after=1.5", "starting_after", "wrong_type")]
    [InlineData("stream=true&starting_after=1&starting_after=2", "starting_after", "duplicate_parameter")]
    public async Task Retrieve_WithAnInvalidParameter_NamesIt(string query, string param, string code)
    {
        using var ana = server.NewUser();
        var id = (await ana.JsonAsync("POST", Responses, Response("#script tokens=1 delay=0"))).Text("id");
        var (response, error) = await ana.FailAsync(HttpStatusCode.BadRequest, "GET", $"{Responses}/{id}?{query}");
        response.Dispose();
        Assert.Equal((param, code), (error.Text("param"), error.Text("code")));
    }

    [Fact]
    public async Task Background_IsAnsweredAtOnce_AndIsRetrievedWhenItHasEnded()
    {
        using var ana = server.NewUser();
        var started = await ana.JsonAsync("POST", Responses, Response("#script tokens=30 delay=5", background: true));
        Assert.Contains(started.Text("status"), (string[])["queued", "in_progress"]);
        Assert.True(started.GetProperty("background").GetBoolean());
        // Its stream ends when the Response does.
        var read = await ana.ReadAsync("responses", "GET", $"{Responses}/{started.Text("id")}?stream=true");
        Assert.Equal(await ana.ScriptedTextAsync(30), read.Text);
        var ended = await ana.GetAsync($"{Responses}/{started.Text("id")}");
        Assert.Equal(("completed", read.Text), (ended.Text("status"), ended.OutputText()));
    }

    [Fact]
    public async Task Background_ThatTheModelRefuses_IsAFailedResponse()
    {
        using var ana = server.NewUser();
        var started = await ana.JsonAsync("POST", Responses, Response("#ratelimit", background: true));
        var read = await ana.ReadAsync("responses", "GET", $"{Responses}/{started.Text("id")}?stream=true");
        Assert.Equal("response.failed", read.Events[^1].Text("type"));
        var ended = await ana.GetAsync($"{Responses}/{started.Text("id")}");
        Assert.Equal(("failed", "rate_limit_exceeded"), (ended.Text("status"), ended.GetProperty("error").Text("code")));
    }

    [Fact]
    public async Task Cancel_OfARunningResponse_KeepsWhatIsThere_AndASecondCancelChangesNothing()
    {
        using var ana = server.NewUser();
        var text = await ana.ScriptedTextAsync(5);
        await using var stream = await ana.OpenAsync("responses", "POST", Responses, Response(Stalling, stream: true));
        var id = (await stream.UntilTextAsync()).MessageId;
        await using var log = await ana.FollowAsync(stream.GenerationId);
        while (log.Text != text)
        {
            Assert.NotNull(await log.NextAsync());
        }

        var running = await ana.GetAsync($"{Responses}/{id}");
        Assert.Equal(("in_progress", text), (running.Text("status"), running.OutputText()));

        var cancelled = await ana.JsonAsync("POST", $"{Responses}/{id}/cancel");
        Assert.Equal((id, "cancelled", text), (cancelled.Text("id"), cancelled.Text("status"), cancelled.OutputText()));
        await stream.ToEndAsync(); // the stream of the first request ends, too
        Assert.Equal(cancelled.GetRawText(), (await ana.JsonAsync("POST", $"{Responses}/{id}/cancel")).GetRawText());
        Assert.Equal(cancelled.GetRawText(), (await ana.GetAsync($"{Responses}/{id}")).GetRawText());
    }

    [Fact]
    public async Task Cancel_OfACompletedResponse_ChangesNothing()
    {
        using var ana = server.NewUser();
        var completed = await ana.JsonAsync("POST", Responses, Response("#script tokens=3 delay=0"));
        var after = await ana.JsonAsync("POST", $"{Responses}/{completed.Text("id")}/cancel");
        Assert.Equal(completed.GetRawText(), after.GetRawText());
    }

    [Fact]
    public async Task Delete_OfARunningResponse_EndsItAndItsReaders()
    {
        using var ana = server.NewUser();
        await using var stream = await ana.OpenAsync("responses", "POST", Responses, Response(Stalling, stream: true));
        var id = (await stream.UntilTextAsync()).MessageId;
        var deleted = await ana.JsonAsync("DELETE", $"{Responses}/{id}");
        Assert.Equal((id, "response"), (deleted.Text("id"), deleted.Text("object")));
        Assert.True(deleted.GetProperty("deleted").GetBoolean());
        Assert.True(await stream.IsCutAsync()); // an orderly end would look like a complete answer
        await ana.RefusedAsync(404, "not_found", "GET", $"/api/v1/generations/{stream.GenerationId}");
        foreach (var (method, path) in ((string, string)[])[("GET", ""), ("DELETE", ""), ("POST", "/cancel")])
        {
            (await ana.FailAsync(HttpStatusCode.NotFound, method, $"{Responses}/{id}{path}")).Response.Dispose();
        }
    }

    [Fact]
    public async Task Response_OfAnotherOwner_IsAnsweredAsOneThatDoesNotExist()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        await ben.IdAsync();
        var id = (await ana.JsonAsync("POST", Responses, Response("#script tokens=1 delay=0"))).Text("id");
        const string none = "resp_00000000000000000000000000000000";
        foreach (var (method, path) in ((string, string)[])[("GET", ""), ("GET", "?stream=true"), ("POST", "/cancel"), ("DELETE", "")])
        {
            var (response, foreign) = await ben.FailAsync(HttpStatusCode.NotFound, method, $"{Responses}/{id}{path}");
            response.Dispose();
            var (other, missing) = await ben.FailAsync(HttpStatusCode.NotFound, method, $"{Responses}/{none}{path}");
            other.Dispose();
            Assert.Equal(missing.GetRawText(), foreign.GetRawText());
        }

        Assert.Equal("completed", (await ana.GetAsync($"{Responses}/{id}")).Text("status"));
    }

    [Theory]
    [InlineData("resp_")]
    [InlineData("resp_x")]
    [InlineData("chatcmpl-00000000000000000000000000000000")]
    public async Task Response_WithAnotherKindOfId_IsNotFound(string id)
    {
        using var ana = server.NewUser();
        await ana.IdAsync();
        (await ana.FailAsync(HttpStatusCode.NotFound, "GET", $"{Responses}/{id}")).Response.Dispose();
    }

    [Fact]
    public async Task ChatCompletion_IsNotAResponse()
    {
        using var ana = server.NewUser();
        var completion = await ana.JsonAsync("POST", Completions, Chat("#script tokens=1 delay=0"));
        var id = completion.Text("id").Replace("chatcmpl-", "resp_", StringComparison.Ordinal);
        (await ana.FailAsync(HttpStatusCode.NotFound, "GET", $"{Responses}/{id}")).Response.Dispose();
        (await ana.FailAsync(HttpStatusCode.NotFound, "DELETE", $"{Responses}/{id}")).Response.Dispose();
    }

    [Fact]
    public async Task PreviousResponse_GivesTheModelTheWholeChain()
    {
        await using var upstream = await Upstream.SayingAsync("stop", "An ", "answer.");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        var first = await ana.JsonAsync("POST", Responses, """{"model":"up/m","input":"One","instructions":"Be brief."}""");
        var second = await ana.JsonAsync(
            "POST",
            Responses,
            new
            {
                model = "up/m",
                input = new[] { new { role = "user", content = "Two" } },
                previous_response_id = first.Text("id"),
            }
        );
        Assert.Equal(first.Text("id"), second.Text("previous_response_id"));
        await ana.JsonAsync(
            "POST",
            Responses,
            new
            {
                model = "up/m",
                input = "Three",
                previous_response_id = second.Text("id"),
            }
        );
        // Instructions are those of one request: the next ones do not repeat them.
        Assert.Equal(
            [
                "system: Be brief. | user: One",
                "user: One | assistant: An answer. | user: Two",
                "user: One | assistant: An answer. | user: Two | assistant: An answer. | user: Three",
            ],
            upstream.Requests.Select(Said)
        );
    }

    [Fact]
    public async Task PreviousResponse_ThatDoesNotExistOrIsForeign_IsRefused()
    {
        using var ana = server.NewUser();
        using var ben = server.NewUser();
        var foreign = (await ben.JsonAsync("POST", Responses, Response("#script tokens=1 delay=0"))).Text("id");
        var deleted = (await ana.JsonAsync("POST", Responses, Response("#script tokens=1 delay=0"))).Text("id");
        await ana.JsonAsync("DELETE", $"{Responses}/{deleted}");
        foreach (var id in (string[])[foreign, deleted, "resp_00000000000000000000000000000000", "x", new string('x', 500)])
        {
            var (response, error) = await ana.FailAsync(HttpStatusCode.BadRequest, "POST", Responses, After(id));
            response.Dispose();
            Assert.Equal(("previous_response_id", "previous_response_not_found"), (error.Text("param"), error.Text("code")));
        }
    }

    [Fact]
    public async Task PreviousResponse_ThatIsRunning_IsRefused_AndAcceptedOnceItIsCancelled()
    {
        using var ana = server.NewUser();
        await using var stream = await ana.OpenAsync("responses", "POST", Responses, Response(Stalling, stream: true));
        var id = (await stream.UntilTextAsync()).MessageId!;
        var (response, error) = await ana.FailAsync(HttpStatusCode.BadRequest, "POST", Responses, After(id));
        response.Dispose();
        Assert.Equal(("previous_response_id", "previous_response_not_completed"), (error.Text("param"), error.Text("code")));
        await ana.JsonAsync("POST", $"{Responses}/{id}/cancel");
        Assert.Equal("completed", (await ana.JsonAsync("POST", Responses, After(id))).Text("status"));
    }

    [Fact]
    public async Task ItemReference_GivesTheModelTheItem()
    {
        await using var upstream = await Upstream.SayingAsync("stop", "The answer.");
        await using var own = await ParleyServer.StartAsync(upstream.Settings);
        using var ana = own.NewUser();
        using var ben = own.NewUser();
        var item = (await ana.JsonAsync("POST", Responses, """{"model":"up/m","input":"One"}""")).Item("message").Text("id");
        await ana.JsonAsync("POST", Responses, Referring(item));
        Assert.Equal("user: One | assistant: The answer. | user: Two", Said(upstream.Requests.Last()));

        var asked = upstream.Requests.Count;
        await ben.IdAsync();
        foreach (var (user, id) in ((TestUser, string)[])[(ben, item), (ana, item[..^1] + "9"), (ana, "msg_x"), (ana, "x")])
        {
            var (response, error) = await user.FailAsync(HttpStatusCode.BadRequest, "POST", Responses, Referring(id));
            response.Dispose();
            Assert.Equal(("input[1].id", "item_not_found"), (error.Text("param"), error.Text("code")));
        }

        Assert.Equal(asked, upstream.Requests.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ToolOfTheClient_IsCalled_AndItsOutputIsAnsweredInTheNextResponse(bool chained)
    {
        using var ana = server.NewUser();
        var question = new { role = "user", content = "#script tool=2 tokens=4 delay=0" };
        var first = await ana.JsonAsync(
            "POST",
            Responses,
            new
            {
                model = "scripted",
                input = new[] { question },
                tools = new[] { ResponseTool },
            }
        );
        var call = first.Item("function_call");
        Assert.Equal(("completed", "get_weather"), (first.Text("status"), call.Text("name")));
        Assert.Equal("Paris", JsonElement.Parse(call.Text("arguments")).Text("city"));

        var output = new
        {
            type = "function_call_output",
            call_id = call.Text("call_id"),
            output = """{"temperature":21}""",
        };
        var second = await ana.JsonAsync(
            "POST",
            Responses,
            new
            {
                model = "scripted",
                tools = new[] { ResponseTool },
                previous_response_id = chained ? first.Text("id") : null,
                input = chained ? new object[] { output } : [question, call, output],
            }
        );
        Assert.Equal(await ana.ScriptedTextAsync(4), second.OutputText());
    }

    [Fact]
    public async Task ToolCall_Streamed_AddsUpToTheItem()
    {
        using var ana = server.NewUser();
        var read = await ana.ReadAsync(
            "responses",
            "POST",
            Responses,
            new
            {
                model = "scripted",
                stream = true,
                input = "#script tool=2 delay=0",
                tools = new[] { ResponseTool },
            }
        );
        var call = read.Events[^1].GetProperty("response").Item("function_call");
        Assert.Equal(
            call.Text("arguments"),
            string.Concat(
                read.Events.Where(next => next.Text("type") == "response.function_call_arguments.delta").Select(next => next.Text("delta"))
            )
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RateLimit_BeforeTheFirstToken_IsAStatus(bool stream)
    {
        using var ana = server.NewUser();
        var (response, error) = await ana.FailAsync(HttpStatusCode.TooManyRequests, "POST", Responses, Response("#ratelimit", stream));
        using (response)
        {
            Assert.Equal("rate_limit_exceeded", error.Text("code"));
            Assert.Equal("0", response.Header("Retry-After"));
        }
    }

    [Fact]
    public async Task Failure_AfterTheFirstToken_IsAFailedResponse()
    {
        using var ana = server.NewUser();
        var read = await ana.ReadAsync("responses", "POST", Responses, Response("#script tokens=20 error-after=5 delay=0", stream: true));
        Assert.Equal(await ana.ScriptedTextAsync(5), read.Text);
        Assert.Equal("response.failed", read.Events[^1].Text("type"));
        var failed = await ana.GetAsync($"{Responses}/{read.MessageId}");
        Assert.Equal(read.Events[^1].GetProperty("response").GetRawText(), failed.GetRawText());
        Assert.Equal(("failed", "server_error"), (failed.Text("status"), failed.GetProperty("error").Text("code")));
        Assert.Equal(read.Text, failed.OutputText());
    }

    [Fact]
    public async Task IdempotencyKey_SentAgain_AttachesToTheSameResponse()
    {
        using var ana = server.NewUser();
        (string, string)[] key = [("Idempotency-Key", Guid.NewGuid().ToString())];
        await using var first = await ana.OpenAsync("responses", "POST", Responses, Response(Stalling, stream: true), key);
        var id = (await first.UntilTextAsync()).MessageId;
        await using var during = await ana.OpenAsync("responses", "POST", Responses, Response(Stalling, stream: true), key);
        Assert.Equal(id, (await during.UntilTextAsync()).MessageId);
        await ana.JsonAsync("POST", $"{Responses}/{id}/cancel");
        var ended = await ana.ReadAsync("responses", "POST", Responses, Response(Stalling, stream: true), key);
        Assert.Equal(Raw((await first.ToEndAsync()).Events), Raw(ended.Events));
        Assert.Equal(Raw(ended.Events), Raw((await during.ToEndAsync()).Events));
        var (response, error) = await ana.FailAsync(HttpStatusCode.UnprocessableEntity, "POST", Responses, Response("Other"), key);
        response.Dispose();
        Assert.Equal("idempotency_key_reused", error.Text("code"));
    }

    [Fact]
    public async Task Retention_IsThirtyDaysByDefault_AndTenMinutesUnstored()
    {
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        var kept = (await ana.JsonAsync("POST", Responses, Response("#script tokens=1 delay=0"))).Text("id");
        var unstored = (
            await ana.JsonAsync("POST", Responses, """{"model":"scripted","input":"#script tokens=1 delay=0","store":false}""")
        ).Text("id");
        var now = TimeProvider.System.GetUtcNow();
        var chats = own.Services.GetRequiredService<ChatStore>();
        await chats.SweepAsync(now + TimeSpan.FromMinutes(9), 200);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await StatusAsync(kept), await StatusAsync(unstored)));
        await chats.SweepAsync(now + TimeSpan.FromMinutes(10), 200);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (await StatusAsync(kept), await StatusAsync(unstored)));
        await chats.SweepAsync(now + TimeSpan.FromDays(29), 200);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(kept));
        await chats.SweepAsync(now + TimeSpan.FromDays(30), 200);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(kept));

        async Task<HttpStatusCode> StatusAsync(string id)
        {
            using var response = await ana.SendAsync("GET", $"{Responses}/{id}");
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Response_IsInNoList()
    {
        using var ana = server.NewUser();
        await ana.JsonAsync("POST", Responses, Response("#script tokens=1 delay=0"));
        Assert.Equal(0, (await ana.GetAsync("/api/v1/conversations")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Response_IsKeptWhenTheServerRestarts()
    {
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        var read = await ana.ReadAsync("responses", "POST", Responses, Response("#script tokens=8 delay=0", stream: true));
        await own.RestartAsync();
        var rest = await ana.ReadAsync("responses", "GET", $"{Responses}/{read.MessageId}?stream=true&starting_after=3");
        Assert.Equal(Raw(read.Events.Skip(4)), Raw(rest.Events));
    }

    private static object After(string previous) =>
        new
        {
            model = "scripted",
            input = "#script tokens=1 delay=0",
            previous_response_id = previous,
        };

    private static object Referring(string item) =>
        new
        {
            model = "up/m",
            input = new object[]
            {
                new { role = "user", content = "One" },
                new { type = "item_reference", id = item },
                new { role = "user", content = "Two" },
            },
        };

    private static IEnumerable<string> Raw(IEnumerable<JsonElement> events) => events.Select(next => next.GetRawText());

    private static string Said(JsonElement request) =>
        string.Join(
            " | ",
            request.GetProperty("messages").EnumerateArray().Select(message => $"{message.Text("role")}: {message.Text("content")}")
        );
}
