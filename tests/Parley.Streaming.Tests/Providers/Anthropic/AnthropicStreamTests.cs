using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.Anthropic;
using Parley.Testing;

namespace Parley.Streaming.Tests.Providers.Anthropic;

/// <summary>What the Messages API and servers like it send, and what becomes of it.</summary>
public sealed class AnthropicStreamTests
{
    private const string Stop = """{"type":"content_block_stop","index":0}""";
    private static readonly string End = Transcript.End("end_turn");

    public static TheoryData<string, string> Streams =>
        new()
        {
            { "plain", Transcript.Frames(Transcript.Start, Transcript.Hello, Stop, End) },
            { "CRLF", Transcript.Frames(Transcript.Start, Transcript.Hello, Stop, End).Replace("\n", "\r\n", StringComparison.Ordinal) },
            { "events without names", Unnamed(Transcript.Start, Transcript.Hello, Stop, End) },
            { "no start, no stop of the block", Transcript.Frames(Transcript.Hello, End) },
            { "no stop reason", Transcript.Frames(Transcript.Start, Transcript.Hello, Stop, """{"type":"message_stop"}""") },
            { "no message_stop", Transcript.Frames(Transcript.Start, Transcript.Hello, Stop, End.Split('\n')[0]) },
            { "[DONE] behind the end", Transcript.Frames(Transcript.Start, Transcript.Hello, Stop, End) + "data: [DONE]\n\n" },
            { "comments and empty data", ": ping\n\ndata:\n\n" + Transcript.Frames(Transcript.Start, Transcript.Hello, Stop, End) },
            {
                "unknown events, blocks, deltas and fields",
                Transcript.Frames(
                    Transcript.Start,
                    """{"type":"new_event","delta":{"text":"no"},"future":[{"a":1}]}""",
                    """{"type":"content_block_start","index":7,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}""",
                    """{"type":"content_block_delta","index":7,"delta":{"type":"input_json_delta","partial_json":"{}"}}""",
                    """{"type":"content_block_stop","index":7}""",
                    """{"type":"content_block_start","index":8,"content_block":{"type":"web_search_tool_result","content":[{"text":"no"}]}}""",
                    """{"type":"content_block_stop","index":8}""",
                    """{"future":{"a":[]},"index":0,"content_block":{"citations":null,"text":"Hel","type":"text"},"type":"content_block_start"}""",
                    """{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"cited_text":"no"}}}""",
                    """{"type":"content_block_delta","index":0,"delta":{"type":"new_delta","new":"no"}}""",
                    """{"delta":{"text":"lo","type":"text_delta"},"index":0,"type":"content_block_delta"}""",
                    """{"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":null,"server_tool_use":{"a":1}}}""",
                    End
                )
            },
            {
                "text, stops and errors after the end",
                Transcript.Frames(Transcript.Start, Transcript.Hello, End.Split('\n')[0], Transcript.Hello, Transcript.End("max_tokens"))
            },
        };

    public static TheoryData<string, string, ProviderFailure> Failures =>
        new()
        {
            { "clean end after text", Frames(), ProviderFailure.CutShort },
            { "half a frame at the end", Frames() + "event: content_block_delta\ndata: {\"type\":\"content_bl", ProviderFailure.CutShort },
            { "broken JSON", Frames() + "data: {\"type\":}\n\n", ProviderFailure.MalformedFrame },
            { "no object", Frames() + "data: 5\n\n", ProviderFailure.MalformedFrame },
            { "overloaded", Error("overloaded_error", "Overloaded"), ProviderFailure.Unavailable },
            { "api error", Error("api_error", "x"), ProviderFailure.Unavailable },
            { "rate limit", Error("rate_limit_error", "x"), ProviderFailure.RateLimited },
            { "key", Error("authentication_error", "x"), ProviderFailure.Unauthorized },
            { "billing", Error("billing_error", "x"), ProviderFailure.OutOfCredit },
            { "too long", Error("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"), ProviderFailure.ContextTooLong },
            { "refused", Error("invalid_request_error", "x"), ProviderFailure.Refused },
            { "unknown error", Error("new_error", "x"), ProviderFailure.ReportedError },
            { "error without details", Frames("""{"type":"error"}"""), ProviderFailure.ReportedError },
            { "error of a gateway", Frames() + "data: {\"error\":{\"message\":\"boom\"}}\n\n", ProviderFailure.ReportedError },
            { "error event without JSON's type", Frames() + "event: error\ndata: {}\n\n", ProviderFailure.ReportedError },
            { "error event without an object", Frames() + "event: error\ndata: \"boom\"\n\n", ProviderFailure.ReportedError },
        };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Client_WhatServersSend_GivesTheText(string name, string body)
    {
        var answer = await AskAsync(RawUpstream.EventStream + body);

        Assert.True(answer.Error is null, $"{name}: {answer.Error?.Failure}");
        Assert.Equal(("Hello", "", ChatFinishReason.Stop), (answer.Text, answer.Calls, answer.Finish));
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Client_AbnormalEnd_IsOneFailureAfterTheText(string name, string body, ProviderFailure expected)
    {
        var answer = await AskAsync(RawUpstream.EventStream + body);

        Assert.True(expected == answer.Error?.Failure, $"{name}: {answer.Error?.Failure}");
        Assert.Equal("Hello", answer.Text);
        Assert.Null(answer.Finish);
    }

    [Theory]
    [InlineData(400, "invalid_request_error", "prompt is too long: 250000 tokens > 200000 maximum", ProviderFailure.ContextTooLong)]
    [InlineData(
        400,
        "invalid_request_error",
        "input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000",
        ProviderFailure.ContextTooLong
    )]
    [InlineData(400, "invalid_request_error", "Your credit balance is too low to access the API.", ProviderFailure.OutOfCredit)]
    [InlineData(400, "invalid_request_error", "temperature: must be 1", ProviderFailure.Refused)]
    [InlineData(401, "authentication_error", "invalid x-api-key", ProviderFailure.Unauthorized)]
    [InlineData(402, "billing_error", "x", ProviderFailure.OutOfCredit)]
    [InlineData(404, "not_found_error", "model: claude-x", ProviderFailure.ModelNotFound)]
    [InlineData(409, "conflict_error", "x", ProviderFailure.Unavailable)]
    [InlineData(413, "request_too_large", "x", ProviderFailure.ContextTooLong)]
    [InlineData(429, "rate_limit_error", "x", ProviderFailure.RateLimited)]
    [InlineData(429, "rate_limit_error", "You have reached your spend limit", ProviderFailure.OutOfCredit)]
    [InlineData(500, "api_error", "x", ProviderFailure.Unavailable)]
    [InlineData(529, "overloaded_error", "x", ProviderFailure.Unavailable)]
    public async Task Client_ErrorResponse_IsItsFailure(int status, string type, string message, ProviderFailure expected)
    {
        var body = $$"""{"type":"error","error":{"type":"{{type}}","message":"{{message}}"},"request_id":"r"}""";

        var answer = await AskAsync(RawUpstreamUnderTest.Response(status, body));

        Assert.Equal(expected, answer.Error?.Failure);
    }

    [Theory]
    [InlineData("end_turn", "stop")]
    [InlineData("stop_sequence", "stop")]
    [InlineData("max_tokens", "length")]
    [InlineData("model_context_window_exceeded", "length")]
    [InlineData("refusal", "content_filter")]
    [InlineData("pause_turn", "other")]
    [InlineData("new_reason", "other")]
    public async Task Client_StopReason_IsTheFinishReason(string reason, string expected)
    {
        var answer = await AskAsync(Transcript.Stream(Transcript.Start, Transcript.Hello, Stop, Transcript.End(reason)));

        Assert.Equal(expected, answer.Finish?.Value);
    }

    [Fact]
    public async Task Client_RefusalWithoutAnAnswer_IsBlocked()
    {
        var answer = await AskAsync(Transcript.Stream(Transcript.Start, Transcript.End("refusal")));

        Assert.Equal(ProviderFailure.Blocked, answer.Error?.Failure);
        Assert.False(answer.Error!.IsRetryable);
    }

    [Fact]
    public async Task Client_Usage_IsTheLastTotalsWithTheCacheInTheInput()
    {
        const string delta = """
            {"type":"message_delta","delta":{},"usage":{"input_tokens":11,"output_tokens":40,"output_tokens_details":{"thinking_tokens":30}}}
            """;

        var usage = (await AskAsync(Transcript.Stream(Transcript.Start, Transcript.Hello, delta, Transcript.End("end_turn")))).Usage!;

        Assert.Equal((34L, 7L, 41L), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount));
        Assert.Equal((20L, 30L), (usage.CachedInputTokenCount, usage.ReasoningTokenCount));
        Assert.Equal(3, usage.AdditionalCounts!["cache_creation_input_tokens"]);
    }

    [Fact]
    public async Task Client_ToolCallsBetweenTexts_KeepTheirPlaces()
    {
        var answer = await AskAsync(
            Transcript.Stream(
                Transcript.Start,
                Transcript.Hello,
                Stop,
                """
                {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}
                {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"x\""}}
                {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":":1}"}}
                {"type":"content_block_stop","index":1}
                {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"b","name":"g","input":{"whole":true}}}
                {"type":"content_block_stop","index":2}
                {"type":"content_block_start","index":3,"content_block":{"type":"text","text":"!"}}
                {"type":"content_block_stop","index":3}
                {"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"c","name":"h","input":{}}}
                {"type":"content_block_stop","index":4}
                """,
                Transcript.End("tool_use")
            )
        );

        Assert.Equal("f#a( {\"x\" :1} ) g#b( {\"whole\":true} ) h#c( )", answer.Calls);
        Assert.Equal("Hello!", answer.Text);
        Assert.Equal(ChatFinishReason.ToolCalls, answer.Finish);
        var places = answer.Contents.Where(content => content is TextContent or FunctionCallContent);
        Assert.Equal(
            ["Hello", "a", "b", "!", "c"],
            places.Select(content => (content as TextContent)?.Text ?? ((FunctionCallContent)content).CallId)
        );
    }

    [Fact]
    public async Task Client_SignedAndRedactedThinking_IsReasoningWithProtectedData()
    {
        var answer = await AskAsync(
            Transcript.Stream(
                Transcript.Start,
                """
                {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}
                {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}}
                {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}
                {"type":"content_block_stop","index":0}
                {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"ZGF0YQ=="}}
                {"type":"content_block_stop","index":1}
                """,
                Transcript.Hello.Replace("\"index\":0", "\"index\":2", StringComparison.Ordinal),
                End
            )
        );

        Assert.Equal(("Hm.", "Hello"), (answer.Reasoning, answer.Text));
        Assert.Equal(
            [(false, "c2ln"), (true, "ZGF0YQ==")],
            answer
                .Contents.OfType<TextReasoningContent>()
                .Where(content => content.ProtectedData is not null)
                .Select(content => (AnthropicSignedThinking.Unpack(content.ProtectedData, "m", out var isRedacted), isRedacted))
                .Select(pair => (pair.isRedacted, pair.Item1!))
        );
    }

    [Theory]
    [InlineData("thinking", true)]
    [InlineData("redacted_thinking", true)]
    [InlineData("text", false)]
    public void Reader_HiddenThinking_ShowsThatTheModelWorks(string type, bool expected)
    {
        var reader = new AnthropicEventReader("m", maxToolCallChars: 100);

        reader.Read(Encoding.UTF8.GetBytes($$$"""{"type":"content_block_start","index":0,"content_block":{"type":"{{{type}}}"}}"""), false);
        Assert.Equal((expected, 0), (reader.IsWorking, reader.Answer.Ready.Count));

        reader.Read("""{"type":"ping"}"""u8, false);
        Assert.False(reader.IsWorking);
    }

    [Fact]
    public async Task Client_WholeMessageInsteadOfAStream_IsTheSameAnswer()
    {
        var answer = await AskAsync(
            RawUpstreamUnderTest.Response(
                200,
                """
                {"id":"msg_1","type":"message","role":"assistant","content":[{"type":"thinking","thinking":"Hm.","signature":"s"},
                {"type":"text","text":"Hello"},{"type":"tool_use","id":"a","name":"f","input":{"x":1}}],"stop_reason":"tool_use",
                "usage":{"input_tokens":5,"output_tokens":2}}
                """
            )
        );

        Assert.Null(answer.Error);
        Assert.Equal(("Hm.", "Hello", "f#a( {\"x\":1} )"), (answer.Reasoning, answer.Text, answer.Calls));
        Assert.Equal((ChatFinishReason.ToolCalls, 7L), (answer.Finish, answer.Usage?.TotalTokenCount));
    }

    [Fact]
    public async Task Client_LimitWithoutRetryAfter_TakesTheResetOfTheUsedUpLimit()
    {
        var time = new FakeTimeProvider();
        var reset = time.GetUtcNow().AddMinutes(5).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        const string limited = """{"type":"error","error":{"type":"rate_limit_error","message":"x"}}""";
        var response = RawUpstreamUnderTest
            .Response(429, limited)
            .Replace(
                "\r\n\r\n",
                "\r\nanthropic-ratelimit-requests-remaining: 5\r\nanthropic-ratelimit-requests-reset: 2099-01-01T00:00:00Z"
                    + $"\r\nanthropic-ratelimit-tokens-remaining: 0\r\nanthropic-ratelimit-tokens-reset: {reset}\r\n\r\n",
                StringComparison.Ordinal
            );

        await using var upstream = new RawUpstream(response);
        using var services = TestProviders.Services(["Providers:up:Type=anthropic", $"Providers:up:BaseUrl={upstream.BaseUrl}"], time);

        var answer = await Answer.OfAsync(services.Router().Resolve("up/m")!.Client, "hi");

        Assert.Equal(TimeSpan.FromMinutes(5), answer.Error?.RetryAfter);
    }

    [Fact]
    public async Task Client_AnyCut_GivesTheSameAnswer()
    {
        var body = Encoding.UTF8.GetBytes(
            Transcript.Frames(
                Transcript.Start,
                """
                {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}
                {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Überlegung 漢"}}
                {"type":"content_block_stop","index":0}
                {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}
                {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"ü\ud83d\ude42"}}
                {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"👩‍💻\n"}}
                {"type":"content_block_stop","index":1}
                {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}
                {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"x\":\"漢\"}"}}
                {"type":"content_block_stop","index":2}
                """,
                Transcript.End("tool_use")
            )
        );
        var random = new Random(7);
        for (var run = 0; run < 100; run++)
        {
            var cuts = Enumerable.Range(0, 20).Select(_ => random.Next(1, run % 2 == 0 ? 4 : 60)).ToArray();
            using var http = new HttpClient(new StreamHandler(() => new CutStream(body, cuts)));
            using var client = new AnthropicChatClient(http, Answer.Endpoint(new Uri("http://127.0.0.1/v1")), "m", new());

            var answer = await Answer.OfAsync(client, "hi");

            Assert.Equal(("Überlegung 漢", "ü🙂👩‍💻\n", "f#a( {\"x\":\"漢\"} )"), (answer.Reasoning, answer.Text, answer.Calls));
            Assert.Equal((ChatFinishReason.ToolCalls, 40L), (answer.Finish, answer.Usage?.TotalTokenCount));
        }
    }

    private static string Frames(string? last = null) =>
        last is null ? Transcript.Frames(Transcript.Start, Transcript.Hello) : Transcript.Frames(Transcript.Start, Transcript.Hello, last);

    private static string Error(string type, string message) =>
        Frames($$$"""{"type":"error","error":{"type":"{{{type}}}","message":"{{{message}}}"}}""");

    private static string Unnamed(params string[] events) =>
        string.Concat(events.SelectMany(lines => lines.Trim().Split('\n')).Select(line => $"data:{line}\n\n"));

    private static async Task<Answer> AskAsync(string response)
    {
        await using var upstream = new RawUpstream(response);
        return await Answer.OfAsync(upstream, "anthropic", "m", [new ChatMessage(ChatRole.User, "hi")]);
    }
}
