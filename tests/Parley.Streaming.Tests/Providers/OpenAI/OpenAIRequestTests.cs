using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.OpenAI;

namespace Parley.Streaming.Tests.Providers.OpenAI;

public sealed class OpenAIRequestTests
{
    private const string Stop = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ok\"},\"finish_reason\":\"stop\"}]}\n\n";

    [Fact]
    public async Task Request_Options_AreSent()
    {
        var tool = AIFunctionFactory.Create((string city) => city, "get_weather", "The weather of a city.");
        var options = new ChatOptions
        {
            MaxOutputTokens = 100,
            Temperature = 0.7f,
            TopP = 0.9f,
            Seed = 5,
            StopSequences = ["END"],
            Tools = [tool],
            ToolMode = ChatToolMode.RequireSpecific("get_weather"),
            Instructions = "Be brief.",
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low },
        };

        var body = await SentAsync([new(ChatRole.User, "hi\uD83D!")], options);

        Assert.Equal("m", body.GetProperty("model").GetString());
        Assert.True(body.GetProperty("stream").GetBoolean());
        Assert.True(body.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
        Assert.Equal(
            """[{"role":"system","content":"Be brief."},{"role":"user","content":"hi\uFFFD!"}]""".Replace(
                "\\uFFFD",
                "\uFFFD",
                StringComparison.Ordinal
            ),
            body.GetProperty("messages").GetRawText()
        );
        Assert.Equal(100, body.GetProperty("max_tokens").GetInt32());
        Assert.Equal("0.7", body.GetProperty("temperature").GetRawText());
        Assert.Equal("0.9", body.GetProperty("top_p").GetRawText());
        Assert.Equal("END", body.GetProperty("stop")[0].GetString());
        Assert.Equal("low", body.GetProperty("reasoning_effort").GetString());
        Assert.Equal("get_weather", body.GetProperty("tools")[0].GetProperty("function").GetProperty("name").GetString());
        Assert.Equal(
            "object",
            body.GetProperty("tools")[0].GetProperty("function").GetProperty("parameters").GetProperty("type").GetString()
        );
        Assert.Equal("get_weather", body.GetProperty("tool_choice").GetProperty("function").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Request_ServerSwitches_AreObeyed()
    {
        var body = await SentAsync(
            [new(ChatRole.User, "hi")],
            new ChatOptions { MaxOutputTokens = 7, ModelId = "other" },
            new OpenAIClientOptions { IncludeUsage = false, UseMaxCompletionTokens = true }
        );

        Assert.False(body.TryGetProperty("stream_options", out _));
        Assert.False(body.TryGetProperty("max_tokens", out _));
        Assert.Equal(7, body.GetProperty("max_completion_tokens").GetInt32());
        Assert.Equal("other", body.GetProperty("model").GetString());
    }

    [Fact]
    public async Task Request_ToolsInsideAnAnswer_BecomeMessagesInOrder()
    {
        ChatMessage[] messages =
        [
            new(ChatRole.User, "weather?"),
            new(
                ChatRole.Assistant,
                [
                    new TextReasoningContent("hm"),
                    new TextContent("Let me look."),
                    new FunctionCallContent("a", "f", new Dictionary<string, object?> { ["x"] = 1 }),
                    new ToolCallStarted("b", "g"),
                    new ToolCallArgumentsDelta("b", "{\"y\""),
                    new ToolCallArgumentsDelta("b", ":2}"),
                    new ToolCallEnded("b"),
                    new FunctionResultContent("a", "sunny"),
                    new FunctionResultContent("b", new { t = 1 }),
                    new TextContent("It is sunny."),
                ]
            ),
            new(ChatRole.User, "thanks"),
        ];

        var sent = (await SentAsync(messages)).GetProperty("messages").EnumerateArray().Select(message => message.GetRawText()).ToArray();

        Assert.Equal(
            [
                """{"role":"user","content":"weather?"}""",
                """{"role":"assistant","content":"Let me look.","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{\"y\":2}"}}]}""",
                """{"role":"tool","tool_call_id":"a","content":"sunny"}""",
                """{"role":"tool","tool_call_id":"b","content":"{\"t\":1}"}""",
                """{"role":"assistant","content":"It is sunny."}""",
                """{"role":"user","content":"thanks"}""",
            ],
            sent
        );
    }

    [Theory]
    [InlineData(PrefixStyle.Plain, """{"role":"assistant","content":"Once upon"}""", false)]
    [InlineData(PrefixStyle.Flag, """{"role":"assistant","content":"Once upon","prefix":true}""", false)]
    [InlineData(PrefixStyle.ContinueFinalMessage, """{"role":"assistant","content":"Once upon"}""", true)]
    public async Task Request_TrailingAnswer_IsAPrefixInTheConfiguredStyle(PrefixStyle style, string expected, bool flagged)
    {
        var body = await SentAsync(
            [new(ChatRole.User, "tell"), new(ChatRole.Assistant, "Once upon")],
            null,
            new OpenAIClientOptions { PrefixStyle = style }
        );

        Assert.Equal(expected, body.GetProperty("messages").EnumerateArray().Last().GetRawText());
        Assert.Equal(flagged, body.TryGetProperty("continue_final_message", out _));
    }

    [Fact]
    public async Task Request_EmptyTrailingAnswer_IsLeftOut()
    {
        var body = await SentAsync([new(ChatRole.User, "tell"), new(ChatRole.Assistant, "")]);

        Assert.Equal("user", Assert.Single(body.GetProperty("messages").EnumerateArray()).GetProperty("role").GetString());
    }

    [Fact]
    public async Task Request_ImageAndFile_BecomeParts()
    {
        var body = await SentAsync([
            new(
                ChatRole.User,
                [
                    new TextContent("see"),
                    new DataContent(new byte[] { 1 }, "image/png"),
                    new DataContent(new byte[] { 2 }, "application/pdf") { Name = "a.pdf" },
                ]
            ),
        ]);

        Assert.Equal(
            """[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AQ=="}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,Ag=="}}]""",
            body.GetProperty("messages")[0].GetProperty("content").GetRawText()
        );
    }

    [Theory]
    [InlineData("ana", "ana")]
    [InlineData("Ana Ort", null)]
    [InlineData("a/b", null)]
    [InlineData("<a>", null)]
    [InlineData("", null)]
    public async Task Request_AuthorName_IsSentWhereServersTakeIt(string name, string? sent)
    {
        var body = await SentAsync([
            new(ChatRole.User, "hi") { AuthorName = name },
            new(ChatRole.Assistant, "hello") { AuthorName = name },
            new(ChatRole.User, "and?"),
        ]);

        Assert.Equal(
            [sent, sent, null],
            body.GetProperty("messages")
                .EnumerateArray()
                .Select(message => message.TryGetProperty("name", out var found) ? found.GetString() : null)
        );
    }

    [Fact]
    public async Task Request_Head_HasTheKeyAndNoUnexpectedHeader()
    {
        await using var upstream = new RawUpstream(RawUpstream.EventStream + Stop);
        await Answer.OfAsync(upstream);

        var head = Assert.Single(upstream.Requests).Split("\r\n\r\n")[0];
        Assert.StartsWith("POST /v1/chat/completions HTTP/1.1", head, StringComparison.Ordinal);
        Assert.Contains($"Authorization: Bearer {Answer.Key}\r\n", head, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/json", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Expect", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Cookie", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_BaseUrlWithSlashAndQuery_KeepsBoth()
    {
        await using var upstream = new RawUpstream(RawUpstream.EventStream + Stop);
        var endpoint = Answer.Endpoint(new Uri($"http://127.0.0.1:{upstream.Port}/openai/?api-version=1"));
        using var http = endpoint.CreateHttpClient();
        using var client = new OpenAIChatClient(http, endpoint, "m");
        await Answer.OfAsync(client, "hi");

        Assert.StartsWith("POST /openai/chat/completions?api-version=1 ", Assert.Single(upstream.Requests), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Response_NotStreamed_JoinsTheStream()
    {
        const string body = """
            data: {"choices":[{"delta":{"content":"Hel"}}]}

            data: {"choices":[{"delta":{"content":"lo","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}}]}

            data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}


            """;
        await using var upstream = new RawUpstream(RawUpstream.EventStream + body);
        var endpoint = Answer.Endpoint(upstream.BaseUrl);
        using var http = endpoint.CreateHttpClient();
        using var client = new OpenAIChatClient(http, endpoint, "m");

        var response = await client.GetResponseAsync("hi", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("Hello", response.Text);
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.Equal(3, response.Usage!.TotalTokenCount);
        var call = Assert.Single(response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
        Assert.Equal(("a", "f", "1"), (call.CallId, call.Name, call.Arguments!["x"]!.ToString()));
    }

    private static async Task<JsonElement> SentAsync(
        ChatMessage[] messages,
        ChatOptions? options = null,
        OpenAIClientOptions? server = null
    )
    {
        await using var upstream = new RawUpstream(RawUpstream.EventStream + Stop);
        var endpoint = Answer.Endpoint(upstream.BaseUrl);
        using var http = endpoint.CreateHttpClient();
        using var client = new OpenAIChatClient(http, endpoint, "m", server);
        var answer = await Answer.OfAsync(client, messages, options);
        Assert.Equal("ok", answer.Text);
        return JsonElement.Parse(Assert.Single(upstream.Requests).Split("\r\n\r\n", 2)[1]);
    }
}
