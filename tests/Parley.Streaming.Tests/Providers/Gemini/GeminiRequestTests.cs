using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Gemini;

namespace Parley.Streaming.Tests.Providers.Gemini;

/// <summary>What is sent, and what is left out because the API would refuse it.</summary>
public sealed class GeminiRequestTests
{
    private static readonly AITool Weather = AIFunctionFactory.Create((string city) => city, "get_weather", "The weather of a city.");
    private static readonly ChatMessage Hi = new(ChatRole.User, "hi");

    [Theory]
    [InlineData("gemini-3.8-flash", "/v1/models/gemini-3.8-flash:streamGenerateContent?alt=sse")]
    [InlineData("tunedModels/mine", "/v1/tunedModels/mine:streamGenerateContent?alt=sse")]
    [InlineData("models/m", "/v1/models/m:streamGenerateContent?alt=sse")]
    [InlineData("../a?b#c", "/v1/models/..%2Fa%3Fb%23c:streamGenerateContent?alt=sse")]
    public async Task Request_Model_IsInThePathAndTheKeyInItsHeader(string model, string path)
    {
        await using var upstream = new RawUpstream(Chunks.Stream(Chunks.Hello, Chunks.End("STOP")));

        await Answer.OfAsync(upstream, "gemini", model, [Hi]);

        var request = Assert.Single(upstream.Requests);
        Assert.StartsWith($"POST {path} HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains($"x-goog-api-key: {Answer.Key}\r\n", request, StringComparison.Ordinal);
        Assert.DoesNotContain("Authorization", request, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Request_Options_AreSent()
    {
        var body = await SentAsync(
            "m",
            [new(ChatRole.System, "Be polite."), new(ChatRole.User, "hi\uD83D!")],
            new ChatOptions
            {
                Instructions = "Be brief.",
                MaxOutputTokens = 100,
                Temperature = 0.5f,
                TopP = 0.9f,
                TopK = 5,
                Seed = 7,
                FrequencyPenalty = 1,
                StopSequences = ["a", "", "b", "c", "d", "e", "f"],
                Tools = [Weather, AIFunctionFactory.Create(() => 1, "now")],
                ToolMode = ChatToolMode.RequireSpecific("get_weather"),
            }
        );

        Assert.Equal("""{"parts":[{"text":"Be brief.\n\nBe polite."}]}""", body.GetProperty("systemInstruction").GetRawText());
        Assert.Equal("[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\uFFFD!\"}]}]", body.GetProperty("contents").GetRawText());
        Assert.Equal(
            """{"maxOutputTokens":100,"temperature":0.5,"topP":0.9,"topK":5,"seed":7,"stopSequences":["a","b","c","d","e"]}""",
            body.GetProperty("generationConfig").GetRawText()
        );
        Assert.Equal(
            """[{"functionDeclarations":[{"name":"get_weather","description":"The weather of a city.","parametersJsonSchema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}},{"name":"now","description":"now"}]}]""",
            body.GetProperty("tools").GetRawText()
        );
        Assert.Equal(
            """{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["get_weather"]}}""",
            body.GetProperty("toolConfig").GetRawText()
        );
    }

    [Theory]
    [InlineData("gemma-3-27b-it", ReasoningEffort.High, true, null)]
    [InlineData("gemini-2.0-flash", ReasoningEffort.High, true, null)]
    [InlineData("gemini-2.5-flash", null, true, """{"includeThoughts":true}""")]
    [InlineData("gemini-2.5-flash", null, false, null)]
    [InlineData("gemini-2.5-flash", ReasoningEffort.None, true, """{"thinkingBudget":0}""")]
    [InlineData("gemini-2.5-pro", ReasoningEffort.None, true, """{"includeThoughts":true,"thinkingBudget":512}""")]
    [InlineData("gemini-2.5-pro", ReasoningEffort.Medium, true, """{"includeThoughts":true,"thinkingBudget":8192}""")]
    [InlineData("gemini-3.8-flash", ReasoningEffort.None, true, """{"includeThoughts":true,"thinkingLevel":"low"}""")]
    [InlineData("gemini-3-pro-preview", ReasoningEffort.ExtraHigh, false, """{"thinkingLevel":"high"}""")]
    [InlineData("gemini-flash-latest", ReasoningEffort.Medium, true, """{"includeThoughts":true,"thinkingLevel":"medium"}""")]
    public async Task Thinking_Effort_IsAskedForInTheModelsWay(string model, ReasoningEffort? effort, bool isShown, string? expected)
    {
        var options = new ChatOptions { Reasoning = effort is null ? null : new ReasoningOptions { Effort = effort } };

        var config = (await SentAsync(model, [Hi], options, $"ShowThinking={isShown}")).GetProperty("generationConfig");

        Assert.Equal(expected, config.TryGetProperty("thinkingConfig", out var thinking) ? thinking.GetRawText() : null);
    }

    [Theory]
    [InlineData("gemini-2.5-flash", null)]
    [InlineData("gemini-3.8-flash", GeminiSignature.Unknown)]
    public async Task Contents_Calls_AreAnsweredAndSignedWhereTheModelRequiresIt(string model, string? unknown)
    {
        var body = await SentAsync(
            model,
            [
                Hi,
                new(
                    ChatRole.Assistant,
                    [
                        new TextContent("Let me look."),
                        new FunctionCallContent("a", "f", new Dictionary<string, object?> { ["x"] = 1 }),
                        new FunctionCallContent("b", "g"),
                    ]
                ),
                new(ChatRole.Tool, [new FunctionResultContent("a", "sunny"), new FunctionResultContent("b", new { t = 1 })]),
                new(
                    ChatRole.Assistant,
                    [
                        new TextReasoningContent(null) { ProtectedData = GeminiSignature.Pack(model, "c2ln") },
                        new FunctionCallContent("c", "f"),
                    ]
                ),
            ]
        );

        var mark = unknown is null ? "" : $",\"thoughtSignature\":\"{unknown}\"";
        Assert.Equal(
            [
                """{"role":"user","parts":[{"text":"hi"}]}""",
                $$$$$"""{"role":"model","parts":[{"text":"Let me look."},{"functionCall":{"id":"a","name":"f","args":{"x":1}}{{{{{mark}}}}}},{"functionCall":{"id":"b","name":"g","args":{}}}]}""",
                """{"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"result":"sunny"}}},{"functionResponse":{"id":"b","name":"g","response":{"t":1}}}]}""",
                """{"role":"model","parts":[{"functionCall":{"id":"c","name":"f","args":{}},"thoughtSignature":"c2ln"}]}""",
                """{"role":"user","parts":[{"functionResponse":{"id":"c","name":"f","response":{"error":"There is no result: the tool was not run."}}}]}""",
            ],
            body.GetProperty("contents").EnumerateArray().Select(content => content.GetRawText())
        );
    }

    [Fact]
    public async Task Contents_Signatures_SurviveTheToolLoop()
    {
        await using var upstream = new RawUpstream(connection =>
            connection.SendAsync(
                connection.Request.Contains("functionResponse", StringComparison.Ordinal)
                    ? Chunks.Stream(Chunks.Hello, Chunks.End("STOP"))
                    : Chunks.Stream(
                        Chunks.Parts("""{"text":"Hm.","thought":true}"""),
                        Chunks.Parts(
                            """{"functionCall":{"id":"a","name":"get_weather","args":{"city":"Paris"}},"thoughtSignature":"c2ln"}"""
                        ),
                        Chunks.End("STOP")
                    )
            )
        );
        var endpoint = Answer.Endpoint(upstream.BaseUrl);
        using var http = endpoint.CreateHttpClient();
        using var client = new GeminiChatClient(http, endpoint, "gemini-3.8-flash", new()).AsBuilder().UseFunctionInvocation().Build();

        var answer = await Answer.OfAsync(client, [Hi], new ChatOptions { Tools = [Weather] });

        Assert.Equal("Hello", answer.Text);
        Assert.Equal(
            """{"role":"model","parts":[{"functionCall":{"id":"a","name":"get_weather","args":{"city":"Paris"}},"thoughtSignature":"c2ln"}]}""",
            JsonElement.Parse(upstream.Requests.Last().Split("\r\n\r\n", 2)[1]).GetProperty("contents")[1].GetRawText()
        );
    }

    [Fact]
    public async Task Contents_TrailingAnswer_IsAPrefixOnlyWhereConfigured()
    {
        ChatMessage[] messages = [Hi, new(ChatRole.Assistant, "Once")];

        var prefix = await SentAsync("m", messages, null, "AcceptsPrefix=true");
        var asked = await SentAsync("m", messages);

        Assert.Equal("""{"role":"model","parts":[{"text":"Once"}]}""", prefix.GetProperty("contents").EnumerateArray().Last().GetRawText());
        Assert.Equal("user", asked.GetProperty("contents").EnumerateArray().Last().GetProperty("role").GetString());
    }

    [Fact]
    public async Task Contents_Files_AreParts()
    {
        var body = await SentAsync(
            "m",
            [
                new(
                    ChatRole.User,
                    [new DataContent(new byte[] { 1, 2, 3 }, "image/png"), new UriContent("https://a.example/x.pdf", "application/pdf")]
                ),
            ]
        );

        Assert.Equal(
            """[{"inlineData":{"mimeType":"image/png","data":"AQID"}},{"fileData":{"mimeType":"application/pdf","fileUri":"https://a.example/x.pdf"}}]""",
            body.GetProperty("contents")[0].GetProperty("parts").GetRawText()
        );
    }

    [Theory]
    [InlineData("gemini-2.5-flash", false)]
    [InlineData("gemini-3.8-flash", true)]
    public async Task Format_WithTools_IsForNewerModels(string model, bool expected)
    {
        var options = new ChatOptions
        {
            ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"type":"object","$schema":"x"}""")),
        };
        var alone = (await SentAsync(model, [Hi], options)).GetProperty("generationConfig");
        options.Tools = [Weather];
        var both = (await SentAsync(model, [Hi], options)).GetProperty("generationConfig");

        Assert.Equal("application/json", alone.GetProperty("responseMimeType").GetString());
        Assert.Equal("""{"type":"object"}""", alone.GetProperty("responseJsonSchema").GetRawText());
        Assert.Equal(expected, both.TryGetProperty("responseMimeType", out _));
    }

    [Theory]
    [InlineData(
        """{"$schema":"x","type":"object","additionalProperties":false,"title":"t"}""",
        """{"type":"object","additionalProperties":false,"title":"t"}"""
    )]
    [InlineData(
        """{"type":["string","null"],"pattern":"a","minLength":1,"format":"email","default":"x","examples":["x"]}""",
        """{"type":["string","null"]}"""
    )]
    [InlineData("""{"type":"string","format":"date-time"}""", """{"type":"string","format":"date-time"}""")]
    [InlineData("""{"const":"a"}""", """{"enum":["a"]}""")]
    [InlineData("""{"type":"number","exclusiveMinimum":0,"minimum":1,"multipleOf":2}""", """{"type":"number","minimum":1}""")]
    [InlineData(
        """{"properties":{"pattern":{"type":"string","pattern":"a"}},"required":["pattern"]}""",
        """{"properties":{"pattern":{"type":"string"}},"required":["pattern"]}"""
    )]
    [InlineData(
        """{"items":{"anyOf":[{"type":"string","minLength":1},true]},"uniqueItems":true}""",
        """{"items":{"anyOf":[{"type":"string"},{}]}}"""
    )]
    [InlineData(
        """{"$ref":"#/definitions/A","description":"d","definitions":{"A":{"type":"object","if":{}}}}""",
        """{"$ref":"#/$defs/A","$defs":{"A":{"type":"object"}}}"""
    )]
    public void Schema_Keywords_AreThoseThatTheApiKnows(string schema, string expected)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            GeminiSchema.Write(json, JsonElement.Parse(schema));
        }

        Assert.Equal(expected, System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
    }

    private static async Task<JsonElement> SentAsync(
        string model,
        ChatMessage[] messages,
        ChatOptions? options = null,
        params string[] settings
    )
    {
        await using var upstream = new RawUpstream(Chunks.Stream(Chunks.Hello, Chunks.End("STOP")));
        var answer = await Answer.OfAsync(upstream, "gemini", model, messages, options, settings);
        Assert.Equal("Hello", answer.Text);
        return JsonElement.Parse(Assert.Single(upstream.Requests).Split("\r\n\r\n", 2)[1]);
    }
}
