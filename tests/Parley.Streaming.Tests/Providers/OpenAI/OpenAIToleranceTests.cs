using System.Text;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.OpenAI;

namespace Parley.Streaming.Tests.Providers.OpenAI;

/// <summary>What real servers send, and the client accepts.</summary>
public sealed class OpenAIToleranceTests
{
    private const string Hello = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
    private const string Stop = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    private const string Done = "data: [DONE]\n\n";

    public static TheoryData<string, string, string> Streams =>
        new()
        {
            { "plain", Hello + Stop + Done, "Hello" },
            {
                "finish reason with content",
                "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}\n\n",
                "Hello"
            },
            { "CRLF", (Hello + Stop + Done).Replace("\n", "\r\n", StringComparison.Ordinal), "Hello" },
            { "no space after data:", (Hello + Stop + Done).Replace("data: ", "data:", StringComparison.Ordinal), "Hello" },
            {
                "comments, pings, ids",
                ": OPENROUTER PROCESSING\n\n:\n\nevent: ping\ndata: {}\n\nid: 3\n"
                    + Hello
                    + "event: ping\ndata: {\"type\":\"ping\"}\n\n"
                    + Stop,
                "Hello"
            },
            {
                "role and empty deltas",
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n" + Hello + Stop,
                "Hello"
            },
            {
                "null content",
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null},\"finish_reason\":null}]}\n\n"
                    + Hello
                    + Stop,
                "Hello"
            },
            {
                "no choices, empty choices, null choices",
                "data: {}\n\ndata: {\"choices\":[]}\n\ndata: {\"choices\":null}\n\n" + Hello + Stop,
                "Hello"
            },
            { "no finish reason, but [DONE]", Hello + Done, "Hello" },
            {
                "empty finish reason",
                "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"},\"finish_reason\":\"\"}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n",
                "Hello"
            },
            { "last event without blank line", Hello + Stop.TrimEnd('\n'), "Hello" },
            { "[DONE] without blank line", Hello + "data: [DONE]", "Hello" },
            { "two objects on two lines of one event", Hello.TrimEnd('\n') + "\n" + Stop, "Hello" },
            {
                "two objects on one line",
                "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}{\"choices\":[{\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n",
                "Hello"
            },
            {
                "two frames glued",
                "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}data: {\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}data: [DONE]\n\n",
                "Hello"
            },
            {
                "one object over two lines",
                "data: {\"choices\":[{\"delta\":\ndata: {\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}\n\n",
                "Hello"
            },
            { "empty data", "data:\n\ndata: \n\n" + Hello + Stop, "Hello" },
            {
                "other choices",
                "data: {\"choices\":[{\"delta\":{\"content\":\"no\"},\"index\":1},{\"delta\":{\"content\":\"Hello\"},\"index\":0}]}\n\ndata: {\"choices\":[{\"index\":2,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"
                    + Stop,
                "Hello"
            },
            {
                "delta after finish, second finish, junk after finish",
                Hello
                    + Stop
                    + Hello
                    + "data: {\"choices\":[{\"delta\":{\"content\":\"!\"},\"finish_reason\":\"length\"}]}\n\ndata: junk\n\n",
                "Hello"
            },
            { "junk after [DONE]", Hello + Done + "data: junk\n\n", "Hello" },
            {
                "list of parts",
                "data: {\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"Hel\"},{\"type\":\"text\",\"text\":\"lo\"}]}}]}\n\n"
                    + Stop,
                "Hello"
            },
            { "refusal", "data: {\"choices\":[{\"delta\":{\"refusal\":\"Hello\"}}]}\n\n" + Stop, "Hello" },
            { "byte order mark", "\uFEFF" + Hello + Stop, "Hello" },
            { "error null", "data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n" + Stop, "Hello" },
            {
                "pair cut over two deltas",
                "data: {\"choices\":[{\"delta\":{\"content\":\"\\ud83d\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"\\ude42\"}}]}\n\n"
                    + Stop,
                "🙂"
            },
            {
                "NUL and lone surrogate",
                "data: {\"choices\":[{\"delta\":{\"content\":\"a\\u0000b\\ud83d\"}}]}\n\n" + Stop,
                "a\uFFFDb\uFFFD"
            },
        };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Client_WhatServersSend_GivesTheText(string name, string body, string expected)
    {
        await using var upstream = new RawUpstream(RawUpstream.EventStream + body);

        var answer = await Answer.OfAsync(upstream);

        Assert.True(answer.Error is null, $"{name}: {answer.Error?.Failure}");
        Assert.Equal(expected, answer.Text);
        Assert.Equal(ChatFinishReason.Stop, answer.Finish);
    }

    [Fact]
    public async Task Client_OneByteAtATime_GivesTheText()
    {
        const string text = "Grüße, 漢字 🙂";
        var body = Encoding.UTF8.GetBytes($"data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\r\n\r\n{Stop}");
        await using var upstream = new RawUpstream(async connection =>
        {
            await connection.SendAsync(RawUpstream.EventStream);
            for (var i = 0; i < body.Length; i++)
            {
                await connection.SendAsync(body.AsMemory(i, 1));
            }
        });

        Assert.Equal(text, (await Answer.OfAsync(upstream)).Text);
    }

    [Fact]
    public async Task Client_AnyCut_GivesTheSameAnswer()
    {
        var body = Encoding.UTF8.GetBytes(
            ": ping\r\n\r\n"
                + Hello
                + "data: {\"choices\":[{\"delta\":{\"reasoning\":\"Überlegung 漢\",\"content\":\"\\ud83d\"}}]}\r\r"
                + "data: {\"choices\":[{\"delta\":{\"content\":\"\\ude42 ü👩‍💻\\n\"}}]}\n\n"
                + "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":\"}}]}}]}\n\n"
                + "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]}}]}\n\n"
                + Stop
                + Done
        );
        var random = new Random(5);
        for (var run = 0; run < 300; run++)
        {
            var cuts = Enumerable.Range(0, 20).Select(_ => random.Next(1, run % 2 == 0 ? 4 : 60)).ToArray();
            using var http = new HttpClient(new StreamHandler(() => new CutStream(body, cuts)));
            using var client = new OpenAIChatClient(http, Answer.Endpoint(new Uri("http://127.0.0.1/v1")), "m");

            var answer = await Answer.OfAsync(client, "hi");

            Assert.Equal(
                ("Hello🙂 ü👩‍💻\n", "Überlegung 漢", "f#a( {\"x\": 1} )", ChatFinishReason.Stop),
                (answer.Text, answer.Reasoning, answer.Calls, answer.Finish)
            );
        }
    }

    [Fact]
    public async Task Client_InvalidUtf8_BecomesReplacement()
    {
        await using var upstream = new RawUpstream(async connection =>
        {
            await connection.SendAsync(RawUpstream.EventStream + "data: {\"choices\":[{\"delta\":{\"content\":\"a");
            await connection.SendAsync(new byte[] { 0xFF });
            await connection.SendAsync("b\"}}]}\n\n" + Stop);
        });

        Assert.Equal("a\uFFFDb", (await Answer.OfAsync(upstream)).Text);
    }

    [Fact]
    public async Task Client_GiantDelta_ArrivesWhole()
    {
        var giant = new string('x', 3_000_000);
        await using var upstream = new RawUpstream(
            RawUpstream.EventStream + $"data: {{\"choices\":[{{\"delta\":{{\"content\":\"{giant}\"}}}}]}}\n\n{Stop}"
        );

        Assert.Equal(giant, (await Answer.OfAsync(upstream)).Text);
    }

    [Fact]
    public async Task Client_DoneButConnectionStaysOpen_EndsAtOnce()
    {
        await using var upstream = new RawUpstream(async connection =>
        {
            await connection.SendAsync(RawUpstream.EventStream + Hello + Stop + Done);
            await connection.ForeverAsync();
        });

        Assert.Equal("Hello", (await Answer.OfAsync(upstream)).Text);
    }

    [Theory]
    [InlineData("{\"reasoning_content\":\"R\",\"content\":\"T\"}")]
    [InlineData("{\"reasoning\":\"R\",\"content\":\"T\"}")]
    [InlineData("{\"thinking\":\"R\",\"content\":\"T\"}")]
    [InlineData("{\"reasoning_content\":\"R\",\"reasoning\":\"R\",\"content\":\"T\"}")]
    [InlineData("{\"reasoning\":\"R\",\"reasoning_content\":\"R\",\"content\":\"T\"}")]
    [InlineData("{\"reasoning_content\":\"\",\"reasoning\":\"R\",\"content\":\"T\"}")]
    [InlineData("{\"content\":\"T\",\"reasoning\":\"R\"}")]
    [InlineData(
        "{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"R\"}]},{\"type\":\"text\",\"text\":\"T\"}]}"
    )]
    public async Task Client_ReasoningUnderAnyName_IsReadOnce(string delta)
    {
        await using var upstream = new RawUpstream(RawUpstream.EventStream + $"data: {{\"choices\":[{{\"delta\":{delta}}}]}}\n\n{Stop}");

        var answer = await Answer.OfAsync(upstream);

        Assert.Equal("R", answer.Reasoning);
        Assert.Equal("T", answer.Text);
    }

    [Theory]
    [InlineData(
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":3},\"completion_tokens_details\":{\"reasoning_tokens\":1}}}\n\n",
        2
    )]
    [InlineData(
        "data: {\"x_groq\":{\"id\":\"r\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":3},\"completion_tokens_details\":{\"reasoning_tokens\":1}}}}\n\n",
        2
    )]
    [InlineData(
        "data: {\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":3},\"completion_tokens_details\":{\"reasoning_tokens\":1}}}\n\n",
        2
    )]
    public async Task Client_UsageInAnyPlace_LastOneCounts(string usage, long output)
    {
        const string earlier =
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\ndata: {\"usage\":null}\n\n";
        await using var upstream = new RawUpstream(RawUpstream.EventStream + earlier + Hello + Stop + usage + Done);

        var answer = await Answer.OfAsync(upstream);

        Assert.Equal(
            (5, output, 7, 3, 1),
            (
                answer.Usage!.InputTokenCount,
                answer.Usage.OutputTokenCount,
                answer.Usage.TotalTokenCount,
                answer.Usage.CachedInputTokenCount,
                answer.Usage.ReasoningTokenCount
            )
        );
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    public async Task Client_WholeJsonBody_IsAnAnswer(string type)
    {
        await using var upstream = new RawUpstream(
            $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nConnection: close\r\n\r\n"
                + """
                {"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hello","reasoning_content":"R",
                "tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}],
                "usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}
                """
        );

        var answer = await Answer.OfAsync(upstream);

        Assert.Null(answer.Error);
        Assert.Equal(("Hello", "R", "f#a( {} )"), (answer.Text, answer.Reasoning, answer.Calls));
        Assert.Equal(7, answer.Usage!.TotalTokenCount);
    }

    [Theory]
    [InlineData("length", "length")]
    [InlineData("max_tokens", "length")]
    [InlineData("content_filter", "content_filter")]
    [InlineData("tool_calls", "tool_calls")]
    [InlineData("function_call", "tool_calls")]
    [InlineData("eos", "stop")]
    [InlineData("who knows", "other")]
    public async Task Client_FinishReasons_AreNormalised(string sent, string expected)
    {
        await using var upstream = new RawUpstream(
            RawUpstream.EventStream + Hello + $"data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"{sent}\"}}]}}\n\n"
        );

        Assert.Equal(expected, (await Answer.OfAsync(upstream)).Finish!.Value.Value);
    }

    [Fact]
    public async Task Client_OnlyFinishReason_IsAnEmptyAnswer()
    {
        await using var upstream = new RawUpstream(RawUpstream.EventStream + Stop + Done);

        var answer = await Answer.OfAsync(upstream);

        Assert.Null(answer.Error);
        Assert.Empty(answer.Contents);
        Assert.Equal(ChatFinishReason.Stop, answer.Finish);
    }

    [Theory]
    // One call in fragments.
    [InlineData(
        "f#a( {\"x\": 1} )",
        """[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]""",
        """[{"index":0,"function":{"arguments":"{\"x\":"}}]""",
        """[{"index":0,"function":{"arguments":"1}"}}]"""
    )]
    // No index, whole.
    [InlineData(
        "f#a( {} ) g#b( {} )",
        """[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{}"}}]"""
    )]
    // Interleaved.
    [InlineData(
        "f#a( 1 2 ) g#b( 34 )",
        """[{"index":0,"id":"a","function":{"name":"f","arguments":"1"}}]""",
        """[{"index":1,"id":"b","function":{"name":"g","arguments":"3"}}]""",
        """[{"index":0,"function":{"arguments":"2"}}]""",
        """[{"index":1,"function":{"arguments":"4"}}]"""
    )]
    // Every call numbered 0.
    [InlineData(
        "f#a( 1 ) g#b( 2 )",
        """[{"index":0,"id":"a","function":{"name":"f","arguments":"1"}}]""",
        """[{"index":0,"id":"b","function":{"name":"g","arguments":"2"}}]"""
    )]
    // Neither index nor id.
    [InlineData("f#call_1( 1 2 )", """[{"function":{"name":"f","arguments":"1"}}]""", """[{"function":{"arguments":"2"}}]""")]
    // The name after the first fragment; the id again in each fragment.
    [InlineData(
        "f#a( 12 3 )",
        """[{"index":0,"id":"a","function":{"arguments":"1"}}]""",
        """[{"index":0,"id":"a","function":{"name":"f","arguments":"2"}}]""",
        """[{"index":0,"id":"a","function":{"name":"f","arguments":"3"}}]"""
    )]
    // Arguments as an object.
    [InlineData("f#a( {\"x\":[1,2]} )", """[{"index":0,"id":"a","function":{"name":"f","arguments":{"x":[1,2]}}}]""")]
    public async Task Client_ToolCalls_AreInSequence(string expected, params string[] deltas)
    {
        var body = string.Concat(
            deltas.Select(delta => $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":{delta}}}}}]}}\n\n")
        );
        await using var upstream = new RawUpstream(
            RawUpstream.EventStream + body + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n" + Done
        );

        var answer = await Answer.OfAsync(upstream);

        Assert.Equal(expected, answer.Calls);
        Assert.Equal(ChatFinishReason.ToolCalls, answer.Finish);
    }

    [Fact]
    public async Task Client_TooManyToolCalls_IsOneFailure()
    {
        var body = string.Concat(
            Enumerable
                .Range(0, 200)
                .Select(i =>
                    $"data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":{i},\"id\":\"c{i}\",\"function\":{{\"name\":\"f\"}}}}]}}}}]}}\n\n"
                )
        );
        await using var upstream = new RawUpstream(RawUpstream.EventStream + body + Stop);

        Assert.Equal(ProviderFailure.FrameTooLarge, (await Answer.OfAsync(upstream)).Error?.Failure);
    }
}
