using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Anthropic;

namespace Parley.Streaming.Tests.Providers.Anthropic;

/// <summary>What is sent, and what is left out because the model would refuse it.</summary>
public sealed class AnthropicRequestTests
{
    private static readonly AITool Weather = AIFunctionFactory.Create((string city) => city, "get_weather", "The weather of a city.");
    private static readonly ChatMessage Hi = new(ChatRole.User, "hi");

    [Fact]
    public async Task Request_Headers_AreTheKeyAndTheVersion()
    {
        await using var upstream = new RawUpstream(Transcript.Stream(Transcript.Start, Transcript.Hello, Transcript.End("end_turn")));

        await Answer.OfAsync(upstream, "anthropic", "claude-haiku-4-5", [Hi], null, "Headers:anthropic-beta=b-1");

        var request = Assert.Single(upstream.Requests);
        Assert.StartsWith("POST /v1/messages HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains($"x-api-key: {Answer.Key}\r\n", request, StringComparison.Ordinal);
        Assert.Contains("anthropic-version: 2023-06-01\r\n", request, StringComparison.Ordinal);
        Assert.Contains("anthropic-beta: b-1\r\n", request, StringComparison.Ordinal);
        Assert.DoesNotContain("Authorization", request, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Request_Options_AreSent()
    {
        var body = await SentAsync(
            "claude-haiku-4-5",
            [new(ChatRole.System, "Be polite."), new(ChatRole.User, "hi\uD83D!")],
            new ChatOptions
            {
                Instructions = "Be brief.",
                MaxOutputTokens = 100,
                Temperature = 1.5f,
                TopK = 5,
                Seed = 5,
                FrequencyPenalty = 1,
                StopSequences = ["END", " "],
                Tools = [Weather],
                ToolMode = ChatToolMode.RequireSpecific("get_weather"),
                AllowMultipleToolCalls = false,
            }
        );

        Assert.Equal(
            ["model", "max_tokens", "stream", "system", "messages", "temperature", "top_k", "stop_sequences", "tools", "tool_choice"],
            body.EnumerateObject().Select(property => property.Name)
        );
        Assert.Equal("claude-haiku-4-5", body.GetProperty("model").GetString());
        Assert.Equal(100, body.GetProperty("max_tokens").GetInt32());
        Assert.True(body.GetProperty("stream").GetBoolean());
        Assert.Equal("Be brief.\n\nBe polite.", body.GetProperty("system").GetString());
        Assert.Equal("[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\uFFFD!\"}]}]", Messages(body));
        Assert.Equal("1", body.GetProperty("temperature").GetRawText());
        Assert.Equal("""["END"]""", body.GetProperty("stop_sequences").GetRawText());
        Assert.Equal("get_weather", body.GetProperty("tools")[0].GetProperty("name").GetString());
        Assert.Equal("object", body.GetProperty("tools")[0].GetProperty("input_schema").GetProperty("type").GetString());
        Assert.Equal(
            """{"type":"tool","name":"get_weather","disable_parallel_tool_use":true}""",
            body.GetProperty("tool_choice").GetRawText()
        );
    }

    [Theory]
    [InlineData("claude-3-haiku-20240307", 4096)]
    [InlineData("claude-3-5-sonnet-20241022", 8192)]
    [InlineData("claude-3-7-sonnet-latest", 64000)]
    [InlineData("claude-opus-4-1-20250805", 32000)]
    [InlineData("claude-sonnet-4-20250514", 64000)]
    [InlineData("claude-opus-5-5", 64000)]
    [InlineData("claude-new", 64000)]
    [InlineData("qwen3", 8192)]
    public async Task MaxTokens_NotAsked_IsTheModelsUnlessConfigured(string model, int expected)
    {
        Assert.Equal(expected, (await SentAsync(model, [Hi])).GetProperty("max_tokens").GetInt32());
        Assert.Equal(500, (await SentAsync(model, [Hi], null, "MaxTokens=500")).GetProperty("max_tokens").GetInt32());
    }

    [Theory]
    [InlineData("qwen3", true, true)]
    [InlineData("claude-3-7-sonnet-latest", true, true)]
    [InlineData("claude-haiku-4-5-20251001", true, false)]
    [InlineData("claude-opus-4-6", true, false)]
    [InlineData("claude-opus-4-7", false, false)]
    [InlineData("claude-sonnet-5", false, false)]
    [InlineData("anthropic/claude-fable-5-2", false, false)]
    public async Task Sampling_ModelsThatRefuseIt_GetNone(string model, bool temperature, bool topP)
    {
        var body = await SentAsync(model, [Hi], new ChatOptions { Temperature = 0.5f, TopP = 0.9f });

        Assert.Equal((temperature, topP), (body.TryGetProperty("temperature", out _), body.TryGetProperty("top_p", out _)));
        var later = await SentAsync(model, [Hi], new ChatOptions { Temperature = 0.5f }, "Headers:anthropic-version=2026-10-21");
        Assert.False(later.TryGetProperty("temperature", out _));
    }

    [Theory]
    [InlineData("claude-3-5-sonnet-20241022", ReasoningEffort.High, null, null)]
    [InlineData("claude-sonnet-4-5", null, null, null)]
    [InlineData("claude-sonnet-4-5", ReasoningEffort.None, null, null)]
    [InlineData("claude-sonnet-4-5", ReasoningEffort.Low, """{"type":"enabled","budget_tokens":2048}""", null)]
    [InlineData("claude-opus-4-5", ReasoningEffort.High, """{"type":"enabled","budget_tokens":16384}""", "high")]
    [InlineData("claude-opus-4-6", null, null, null)]
    [InlineData("claude-opus-4-6", ReasoningEffort.ExtraHigh, """{"type":"adaptive","display":"summarized"}""", "high")]
    [InlineData("claude-opus-4-8", ReasoningEffort.ExtraHigh, """{"type":"adaptive","display":"summarized"}""", "xhigh")]
    [InlineData("claude-sonnet-5", null, """{"type":"adaptive","display":"summarized"}""", null)]
    [InlineData("claude-opus-5", ReasoningEffort.None, """{"type":"disabled"}""", null)]
    [InlineData("claude-opus-5-5", ReasoningEffort.None, """{"type":"adaptive","display":"summarized"}""", "low")]
    [InlineData("claude-opus-5-5", ReasoningEffort.Medium, """{"type":"adaptive","display":"summarized"}""", "medium")]
    [InlineData("qwen3", ReasoningEffort.Low, """{"type":"enabled","budget_tokens":2048}""", null)]
    public async Task Thinking_Effort_IsAskedForInTheModelsWay(string model, ReasoningEffort? effort, string? thinking, string? sentEffort)
    {
        var body = await SentAsync(
            model,
            [Hi],
            new ChatOptions { Temperature = 0.5f, Reasoning = effort is null ? null : new ReasoningOptions { Effort = effort } }
        );

        Assert.Equal(thinking, body.TryGetProperty("thinking", out var sent) ? sent.GetRawText() : null);
        Assert.Equal(sentEffort, body.TryGetProperty("output_config", out var output) ? output.GetProperty("effort").GetString() : null);
        Assert.False(thinking?.Contains("budget", StringComparison.Ordinal) == true && body.TryGetProperty("temperature", out _));
    }

    [Fact]
    public async Task Thinking_Switches_AreObeyed()
    {
        var hidden = await SentAsync("claude-opus-5-5", [Hi], null, "ShowThinking=false");
        var small = await SentAsync(
            "claude-sonnet-4-5",
            [Hi],
            new ChatOptions
            {
                MaxOutputTokens = 1500,
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High },
            }
        );
        var forced = new ChatOptions
        {
            Tools = [Weather],
            ToolMode = ChatToolMode.RequireAny,
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High },
        };

        Assert.Equal("omitted", hidden.GetProperty("thinking").GetProperty("display").GetString());
        Assert.False(small.TryGetProperty("thinking", out _));
        foreach (
            var (model, thinking, choice) in (IEnumerable<(string, string?, string?)>)
                [
                    ("claude-sonnet-4-5", null, "any"),
                    ("claude-opus-4-8", null, "any"),
                    ("claude-sonnet-5", "disabled", "any"),
                    ("claude-opus-5-5", "adaptive", null),
                ]
        )
        {
            var body = await SentAsync(model, [Hi], forced);
            Assert.Equal(thinking, body.TryGetProperty("thinking", out var sent) ? sent.GetProperty("type").GetString() : null);
            Assert.Equal(choice, body.TryGetProperty("tool_choice", out var tool) ? tool.GetProperty("type").GetString() : null);
        }
    }

    [Fact]
    public async Task Messages_OfOneRole_AreMergedAndBeginWithTheUser()
    {
        var body = await SentAsync(
            "m",
            [
                new(ChatRole.Assistant, "Welcome."),
                new(ChatRole.User, "a"),
                new(ChatRole.User, " \n"),
                new(ChatRole.System, "s"),
                new(ChatRole.User, "b"),
                new(ChatRole.Assistant, [new TextReasoningContent("hm")]),
                new(ChatRole.User, "c"),
            ]
        );

        Assert.Equal(
            """[{"role":"user","content":[{"type":"text","text":"."}]},{"role":"assistant","content":[{"type":"text","text":"Welcome."}]},"""
                + """{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"text","text":"c"}]}]""",
            Messages(body)
        );
        Assert.Equal("s", body.GetProperty("system").GetString());
    }

    [Theory]
    [InlineData("claude-opus-4-5", true, """{"role":"assistant","content":[{"type":"text","text":"Once upon"}]}""")]
    [InlineData("claude-opus-4-5", false, """{"role":"user","content":[{"type":"text","text":"Continue exactly where you stopped."}]}""")]
    [InlineData("claude-opus-4-6", true, """{"role":"user","content":[{"type":"text","text":"Continue exactly where you stopped."}]}""")]
    public async Task Messages_TrailingAnswer_IsAPrefixOnlyWhereTheModelAcceptsOne(string model, bool isConfigured, string last)
    {
        var body = await SentAsync(model, [Hi, new(ChatRole.Assistant, "Once upon \n")], null, $"AcceptsPrefix={isConfigured}");

        Assert.Equal(last, body.GetProperty("messages").EnumerateArray().Last().GetRawText());
    }

    [Theory]
    [InlineData(" a time", "a time")]
    [InlineData(" \na time", "a time")]
    [InlineData("a time", "a time")]
    [InlineData("\na time", "\na time")]
    public async Task Answer_AfterAPrefixThatEndsWithWhiteSpace_DoesNotRepeatIt(string sent, string expected)
    {
        var text = JsonSerializer.Serialize(sent);
        await using var upstream = new RawUpstream(
            Transcript.Stream(
                Transcript.Start,
                """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
                $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":{{{text}}}}}""",
                Transcript.End("end_turn")
            )
        );

        var answer = await Answer.OfAsync(
            upstream,
            "anthropic",
            "claude-opus-4-5",
            [Hi, new(ChatRole.Assistant, "Once upon \n")],
            null,
            "AcceptsPrefix=true"
        );

        Assert.Equal(expected, answer.Text);
    }

    [Fact]
    public async Task Messages_ToolCalls_AreAnsweredAtOnce()
    {
        var body = await SentAsync(
            "m",
            [
                new(ChatRole.User, "weather?"),
                new(
                    ChatRole.Assistant,
                    [
                        new TextContent("Let me look."),
                        new FunctionCallContent("a.1", "f", new Dictionary<string, object?> { ["x"] = 1 }),
                        new FunctionCallContent("b", "g"),
                    ]
                ),
                new(ChatRole.User, "hurry"),
                new(ChatRole.Tool, [new FunctionResultContent("b", new { t = 1 })]),
                new(ChatRole.Tool, [new FunctionResultContent("lost", "r")]),
                new(ChatRole.Assistant, [new FunctionCallContent("c", "f")]),
            ]
        );

        Assert.Equal(
            [
                """{"role":"user","content":[{"type":"text","text":"weather?"}]}""",
                """{"role":"assistant","content":[{"type":"text","text":"Let me look."},{"type":"tool_use","id":"a_1","name":"f","input":{"x":1}},{"type":"tool_use","id":"b","name":"g","input":{}}]}""",
                """{"role":"user","content":[{"type":"tool_result","tool_use_id":"a_1","content":"There is no result: the tool was not run.","is_error":true},{"type":"tool_result","tool_use_id":"b","content":"{\"t\":1}"},{"type":"text","text":"hurry"},{"type":"text","text":"Result of the tool call lost: r"}]}""",
                """{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]}""",
                """{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"There is no result: the tool was not run.","is_error":true}]}""",
            ],
            body.GetProperty("messages").EnumerateArray().Select(message => message.GetRawText())
        );
        Assert.Equal(
            """[{"name":"f","input_schema":{"type":"object"}},{"name":"g","input_schema":{"type":"object"}}]""",
            body.GetProperty("tools").GetRawText()
        );
        Assert.Equal("""{"type":"none"}""", body.GetProperty("tool_choice").GetRawText());
    }

    [Fact]
    public async Task Messages_SignedThinking_GoesBackToItsModelAlone()
    {
        const string model = "claude-sonnet-4-5";
        ChatMessage[] messages =
        [
            Hi,
            new(
                ChatRole.Assistant,
                [
                    new TextReasoningContent("Hm. "),
                    new TextReasoningContent("Well.") { ProtectedData = AnthropicSignedThinking.Pack(model, isRedacted: false, "c2ln") },
                    new TextReasoningContent(null) { ProtectedData = AnthropicSignedThinking.Pack(model, isRedacted: true, "ZGF0YQ==") },
                    new TextReasoningContent("not signed"),
                    new FunctionCallContent("a", "get_weather"),
                ]
            ),
            new(ChatRole.Tool, [new FunctionResultContent("a", "sunny")]),
        ];
        var options = new ChatOptions
        {
            Tools = [Weather],
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low },
        };

        var same = await SentAsync(model, messages, options);
        var other = await SentAsync("claude-haiku-4-5", messages, options);

        Assert.Equal(
            """[{"type":"thinking","thinking":"Hm. Well.","signature":"c2ln"},{"type":"redacted_thinking","data":"ZGF0YQ=="},{"type":"tool_use","id":"a","name":"get_weather","input":{}}]""",
            same.GetProperty("messages")[1].GetProperty("content").GetRawText()
        );
        Assert.True(same.TryGetProperty("thinking", out _));
        Assert.Equal(
            """[{"type":"tool_use","id":"a","name":"get_weather","input":{}}]""",
            other.GetProperty("messages")[1].GetProperty("content").GetRawText()
        );
        Assert.False(other.TryGetProperty("thinking", out _));
    }

    [Fact]
    public async Task Messages_SignedThinking_SurvivesTheToolLoop()
    {
        var call = Transcript.Stream(
            Transcript.Start,
            """
            {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}
            {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm. "}}
            {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Well."}}
            {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}
            {"type":"content_block_stop","index":0}
            {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"get_weather","input":{}}}
            {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\":\"Paris\"}"}}
            {"type":"content_block_stop","index":1}
            """,
            Transcript.End("tool_use")
        );
        await using var upstream = new RawUpstream(connection =>
            connection.SendAsync(
                connection.Request.Contains("tool_result", StringComparison.Ordinal)
                    ? Transcript.Stream(Transcript.Start, Transcript.Hello, Transcript.End("end_turn"))
                    : call
            )
        );
        var endpoint = Answer.Endpoint(upstream.BaseUrl);
        using var http = endpoint.CreateHttpClient();
        using var client = new AnthropicChatClient(http, endpoint, "claude-sonnet-4-5", new()).AsBuilder().UseFunctionInvocation().Build();

        var answer = await Answer.OfAsync(
            client,
            [Hi],
            new ChatOptions
            {
                Tools = [Weather],
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low },
            }
        );

        Assert.Equal("Hello", answer.Text);
        var body = JsonElement.Parse(upstream.Requests.Last().Split("\r\n\r\n", 2)[1]);
        Assert.Equal(
            """[{"type":"thinking","thinking":"Hm. Well.","signature":"c2ln"},{"type":"tool_use","id":"a","name":"get_weather","input":{"city":"Paris"}}]""",
            body.GetProperty("messages")[1].GetProperty("content").GetRawText()
        );
        Assert.Equal("enabled", body.GetProperty("thinking").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Messages_Files_AreBlocksOfTheirKinds()
    {
        byte[] bytes = [1, 2, 3];
        var body = await SentAsync(
            "m",
            [
                new(
                    ChatRole.User,
                    [
                        new DataContent(bytes, "image/png"),
                        new DataContent(bytes, "application/pdf"),
                        new DataContent("hello"u8.ToArray(), "text/plain"),
                        new DataContent(bytes, "audio/wav"),
                        new UriContent("https://a.example/x.png", "image/png"),
                        new UriContent("https://a.example/x.wav", "audio/wav"),
                    ]
                ),
            ]
        );

        Assert.Equal(
            [
                """{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AQID"}}""",
                """{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AQID"}}""",
                """{"type":"text","text":"hello"}""",
                """{"type":"text","text":"(A file of the type audio/wav was left out: the model can't read it.)"}""",
                """{"type":"image","source":{"type":"url","url":"https://a.example/x.png"}}""",
                """{"type":"text","text":"https://a.example/x.wav"}""",
            ],
            body.GetProperty("messages")[0].GetProperty("content").EnumerateArray().Select(block => block.GetRawText())
        );
    }

    [Fact]
    public async Task Cache_TurnedOn_MarksTheInstructionsAndTheEnd()
    {
        var body = await SentAsync("m", [new(ChatRole.System, "s"), Hi, new(ChatRole.User, "there")], null, "CachePrompt=true");

        Assert.Equal("""[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}]""", body.GetProperty("system").GetRawText());
        Assert.Equal(
            """[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"there","cache_control":{"type":"ephemeral"}}]}]""",
            Messages(body)
        );
    }

    [Fact]
    public async Task Schema_ModelsThatAcceptOne_GetIt()
    {
        var options = new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"type":"object"}""")) };

        var body = await SentAsync("claude-haiku-4-5", [Hi], options);

        Assert.Equal("""{"format":{"type":"json_schema","schema":{"type":"object"}}}""", body.GetProperty("output_config").GetRawText());
        Assert.False((await SentAsync("claude-3-haiku-20240307", [Hi], options)).TryGetProperty("output_config", out _));
    }

    private static string Messages(JsonElement body) => body.GetProperty("messages").GetRawText();

    private static async Task<JsonElement> SentAsync(
        string model,
        ChatMessage[] messages,
        ChatOptions? options = null,
        params string[] settings
    )
    {
        await using var upstream = new RawUpstream(Transcript.Stream(Transcript.Start, Transcript.Hello, Transcript.End("end_turn")));
        var answer = await Answer.OfAsync(upstream, "anthropic", model, messages, options, settings);
        Assert.Equal("Hello", answer.Text);
        return JsonElement.Parse(Assert.Single(upstream.Requests).Split("\r\n\r\n", 2)[1]);
    }
}
