using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Parley.Streaming.Providers.OpenAIResponses;
using Parley.Streaming.Routing;

namespace Parley.Streaming.Tests.Providers.OpenAIResponses;

/// <summary>What is configured and sent.</summary>
public sealed class OpenAIResponsesRequestTests
{
    private static readonly AITool Weather = AIFunctionFactory.Create((string city) => city, "get_weather", "The weather of a city.");
    private static readonly ChatMessage Hi = new(ChatRole.User, "hi");

    [Theory]
    [InlineData("openai", "OPENAI_API_KEY", "https://api.openai.com/v1", "gpt-6.1-terra", "OpenAI")]
    [InlineData("xai", "XAI_API_KEY_2", "https://api.x.ai/v1", "grok-4.7", "xAI")]
    public void Type_OfAPreset_HasItsAddressKeyAndModel(string name, string variable, string baseUrl, string model, string displayName)
    {
        using var services = TestProviders.Services([$"{variable}=k", $"Providers:{name}:Type=openai-responses"]);

        var configured = services.GetRequiredService<IOptions<RoutingOptions>>().Value.Providers[0];

        var options = Assert.IsType<OpenAIResponsesProviderSetup>(configured.Setup).Options;
        Assert.Equal((baseUrl, "k"), (options.BaseUrl, options.ApiKey));
        Assert.Equal([model], options.Models);
        using var provider = configured.Setup.Create();
        Assert.Equal(displayName, provider.DisplayName);
    }

    [Fact]
    public void Type_OfAPreset_KeepsItsAliases()
    {
        using var services = TestProviders.Services(["GROQ_API_KEY=k", "Providers:groq:Type=openai-responses"]);

        Assert.IsType<OpenAIResponsesChatClient>(services.Router().Resolve("groq-llama-8b")!.Client);
    }

    [Fact]
    public async Task Request_Options_AreSent()
    {
        await using var upstream = new RawUpstream(Events.Stream(Events.Hello, Events.Completed));

        await Answer.OfAsync(
            upstream,
            "openai-responses",
            "gpt-4.1",
            [new(ChatRole.System, "Be polite."), Hi],
            new ChatOptions
            {
                MaxOutputTokens = 5,
                Temperature = 0.5f,
                Tools = [Weather],
                ToolMode = ChatToolMode.RequireSpecific("get_weather"),
                AllowMultipleToolCalls = false,
                ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"type":"object"}"""), "reply"),
            }
        );

        var request = Assert.Single(upstream.Requests);
        Assert.StartsWith("POST /v1/responses HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains($"Authorization: Bearer {Answer.Key}\r\n", request, StringComparison.Ordinal);
        var body = JsonElement.Parse(request.Split("\r\n\r\n", 2)[1]);
        Assert.Equal("Be polite.", body.GetProperty("instructions").GetString());
        Assert.Equal("""[{"role":"user","content":[{"type":"input_text","text":"hi"}]}]""", body.GetProperty("input").GetRawText());
        Assert.Equal((true, false), (body.GetProperty("stream").GetBoolean(), body.GetProperty("store").GetBoolean()));
        Assert.Equal((16, 0.5), (body.GetProperty("max_output_tokens").GetInt32(), body.GetProperty("temperature").GetDouble()));
        Assert.Equal(
            """{"format":{"type":"json_schema","name":"reply","schema":{"type":"object"}}}""",
            body.GetProperty("text").GetRawText()
        );
        Assert.Equal(("function", "get_weather"), (Text(body, "tools", "type"), Text(body, "tools", "name")));
        Assert.Equal("""{"type":"function","name":"get_weather"}""", body.GetProperty("tool_choice").GetRawText());
        Assert.False(body.GetProperty("parallel_tool_calls").GetBoolean());
        Assert.False(body.TryGetProperty("reasoning", out _));
    }

    [Theory]
    [InlineData("gpt-5-mini", null, true, """{"summary":"auto"}""")]
    [InlineData("gpt-5.6-sol", ReasoningEffort.Low, true, """{"effort":"low","summary":"auto"}""")]
    [InlineData("o4-mini", ReasoningEffort.High, false, """{"effort":"high"}""")]
    [InlineData("gpt-5-mini", null, false, null)]
    [InlineData("gpt-5-chat-latest", null, true, null)]
    [InlineData("gpt-4o", null, true, null)]
    public async Task Reasoning_OfModelsThatReason_IsAskedFor(string model, ReasoningEffort? effort, bool isShown, string? expected)
    {
        var options = new ChatOptions { Temperature = 0.5f, Reasoning = effort is null ? null : new ReasoningOptions { Effort = effort } };

        var body = await SentAsync(model, [Hi], options, $"ShowThinking={isShown}");

        Assert.Equal(expected, body.TryGetProperty("reasoning", out var reasoning) ? reasoning.GetRawText() : null);
        Assert.NotEqual(body.TryGetProperty("include", out _), body.TryGetProperty("temperature", out _));
    }

    [Fact]
    public async Task Input_CallsReasoningAndFiles_AreItems()
    {
        var body = await SentAsync(
            "m",
            [
                new(ChatRole.User, [new TextContent("look"), new DataContent(new byte[] { 1, 2, 3 }, "image/png")]),
                new(
                    ChatRole.Assistant,
                    [
                        new TextReasoningContent("Hm.") { ProtectedData = OpenAIResponsesReasoning.Pack("m", "rs_1", "ZW5j") },
                        new TextContent("Let me look."),
                        new FunctionCallContent("a", "f", new Dictionary<string, object?> { ["x"] = 1 }),
                    ]
                ),
                new(ChatRole.Tool, [new FunctionResultContent("a", "sunny")]),
                new(ChatRole.Assistant, "It is"),
            ]
        );

        Assert.Equal(
            [
                """{"role":"user","content":[{"type":"input_text","text":"look"},{"type":"input_image","image_url":"data:image/png;base64,AQID"}]}""",
                """{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"ZW5j"}""",
                """{"role":"assistant","content":[{"type":"output_text","text":"Let me look."}]}""",
                """{"type":"function_call","call_id":"a","name":"f","arguments":"{\"x\":1}"}""",
                """{"type":"function_call_output","call_id":"a","output":"sunny"}""",
                """{"role":"assistant","content":[{"type":"output_text","text":"It is"}]}""",
                """{"role":"user","content":[{"type":"input_text","text":"Continue exactly where you stopped."}]}""",
            ],
            body.GetProperty("input").EnumerateArray().Select(item => item.GetRawText())
        );
    }

    private static string? Text(JsonElement body, string list, string name) => body.GetProperty(list)[0].GetProperty(name).GetString();

    private static async Task<JsonElement> SentAsync(
        string model,
        ChatMessage[] messages,
        ChatOptions? options = null,
        params string[] settings
    )
    {
        await using var upstream = new RawUpstream(Events.Stream(Events.Hello, Events.Completed));
        var answer = await Answer.OfAsync(upstream, "openai-responses", model, messages, options, settings);
        Assert.Equal("Hello", answer.Text);
        return JsonElement.Parse(Assert.Single(upstream.Requests).Split("\r\n\r\n", 2)[1]);
    }
}
