using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Server.Compatibility.OpenAI.Requests;
using Parley.Streaming.Providers.OpenAI;

namespace Parley.Server.Tests.Compatibility.OpenAI;

/// <summary>What clients send to Chat Completions: honoured, passed over, or refused with a reason.</summary>
public sealed class OpenAIChatRequestTests
{
    private const string Hi = """{"role":"user","content":"hi"}""";
    private const string Tool =
        """{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}}""";

    [Fact]
    public void TryParse_OfAllOptions_TakesThem()
    {
        var request = Parse(
            $$"""
            "stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},"store":true,"metadata":{"a":"b"},"temperature":0.7,"top_p":0.9,"max_completion_tokens":50,"max_tokens":40,
            "stop":["END"],"seed":9007199254740993,"presence_penalty":-2,"frequency_penalty":2,"reasoning_effort":"high","tools":[{{Tool}}],"tool_choice":"required","parallel_tool_calls":false,"n":1,
            "logprobs":false,"modalities":["text"],"logit_bias":{"1":2},"user":"u","verbosity":"low","service_tier":"auto","something_new":{"x":[1]}
            """
        );
        Assert.Equal("m", request.Model);
        Assert.True(request is { Stream: true, IncludeUsage: true, Store: true });
        Assert.Equal([KeyValuePair.Create("a", "b")], request.Metadata);
        Assert.Equal(["f"], request.DeclaredTools);
        var options = request.Options;
        Assert.Equal(
            (0.7f, 0.9f, 50, 9007199254740993L, -2f, 2f),
            (options.Temperature, options.TopP, options.MaxOutputTokens, options.Seed, options.PresencePenalty, options.FrequencyPenalty)
        );
        Assert.Equal(["END"], options.StopSequences);
        Assert.Equal(ReasoningEffort.High, options.Reasoning?.Effort);
        Assert.Equal((ChatToolMode.RequireAny, false), (options.ToolMode, options.AllowMultipleToolCalls));
        Assert.Null(options.ModelId);
    }

    [Fact]
    public void TryParse_OfTheLeast_LeavesTheRestToTheModel()
    {
        var request = Parse("");
        Assert.False(request.Stream || request.IncludeUsage || request.Store);
        var options = request.Options;
        Assert.True(
            options
                is {
                    Temperature: null,
                    TopP: null,
                    MaxOutputTokens: null,
                    Seed: null,
                    StopSequences: null,
                    Tools: null,
                    ToolMode: null,
                    ResponseFormat: null,
                    Reasoning: null,
                    AllowMultipleToolCalls: null
                }
        );
        Assert.Empty(request.DeclaredTools);
    }

    [Fact]
    public void TryParse_OfNulls_IsAsIfTheyWereNotThere() =>
        Assert.Null(
            Parse(
                """
                "temperature":null,"top_p":null,"stop":null,"seed":null,"tools":null,"tool_choice":null,"response_format":null,"metadata":null,"n":null,"audio":null,"functions":null,"function_call":null,"stream":null,
                "stream_options":null,"reasoning_effort":null,"modalities":null,"prediction":null,"web_search_options":null,"logprobs":null,"top_logprobs":0,"max_tokens":null
                """
            ).Options.Temperature
        );

    [Fact]
    public void TryParse_OfEveryRole_GivesTheConversation()
    {
        var messages = Messages(
            """
            {"role":"developer","content":[{"type":"text","text":"Be"},{"type":"text","text":" brief."}]},{"role":"system","content":"Really."},{"role":"user","content":"Weather?","name":"ana"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"city\":\"Bern\"}"}},{"id":"c2","function":{"name":"g","arguments":"not json"}}]},
            {"role":"tool","tool_call_id":"c1","content":"sunny"},{"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"no"}]},
            {"role":"assistant","content":[{"type":"text","text":"It is "},{"type":"refusal","refusal":"not."}],"refusal":null},{"role":"assistant","refusal":"No."}
            """
        );
        Assert.Equal(
            ["system", "system", "user", "assistant", "tool", "tool", "assistant", "assistant"],
            messages.Select(message => message.Role.Value)
        );
        Assert.Equal(["Be brief.", "Really.", "Weather?", "", "", "", "It is not.", "No."], messages.Select(message => message.Text));
        Assert.Equal("ana", messages[2].AuthorName);
        var calls = messages[3].Contents.Cast<FunctionCallContent>().ToArray();
        Assert.Equal([("c1", "f"), ("c2", "g")], calls.Select(call => (call.CallId, call.Name)));
        Assert.Equal("Bern", calls[0].Arguments!["city"]!.ToString());
        Assert.NotNull(calls[1].Exception);
        Assert.Equal(
            [("c1", (object?)"sunny"), ("c2", "no")],
            messages
                .Skip(4)
                .Take(2)
                .Select(message => message.Contents.Cast<FunctionResultContent>().Single())
                .Select(result => (result.CallId, result.Result))
        );
    }

    [Fact]
    public void TryParse_OfImagesAndFiles_KeepsThem()
    {
        var contents = Messages(
            """
            {"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AQI=","detail":"low"}},{"type":"image_url","image_url":{"url":"https://example.com/a%20b.png?x=%2F"}},
            {"type":"image_url","image_url":"https://example.com/c.png"},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,Aw=="}}]}
            """
        )[0].Contents;
        var image = Assert.IsType<DataContent>(contents[1]);
        Assert.Equal(("image/png", (byte)2, (object?)"low"), (image.MediaType, image.Data.Span[1], image.AdditionalProperties!["detail"]));
        Assert.Equal("https://example.com/a%20b.png?x=%2F", Assert.IsType<UriContent>(contents[2]).Uri.AbsoluteUri);
        Assert.IsType<UriContent>(contents[3]);
        var file = Assert.IsType<DataContent>(contents[4]);
        Assert.Equal(("application/pdf", "a.pdf"), (file.MediaType, file.Name));
    }

    [Theory]
    [InlineData("\"response_format\":{\"type\":\"text\"}", null, null)]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", "json", null)]
    [InlineData(
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{\"type\":\"object\"},\"strict\":true,\"description\":\"d\"}}",
        "n",
        "{\"type\":\"object\"}"
    )]
    public void TryParse_OfAResponseFormat_TakesIt(string field, string? name, string? schema)
    {
        var format = Parse(field).Options.ResponseFormat as ChatResponseFormatJson;
        Assert.Equal(name, format is null ? null : format.SchemaName ?? "json");
        Assert.Equal(schema, format?.Schema?.GetRawText());
    }

    [Theory]
    [InlineData("\"stop\":\"a\"", "a")]
    [InlineData("\"stop\":[]", "")]
    [InlineData("\"stop\":[\"a\",\"b\",\"c\",\"d\"]", "a,b,c,d")]
    public void TryParse_OfStops_TakesAStringOrFour(string field, string expected) =>
        Assert.Equal(expected, string.Join(',', Parse(field).Options.StopSequences ?? []));

    [Theory]
    [InlineData("none", ReasoningEffort.None)]
    [InlineData("minimal", ReasoningEffort.Low)]
    [InlineData("low", ReasoningEffort.Low)]
    [InlineData("medium", ReasoningEffort.Medium)]
    [InlineData("high", ReasoningEffort.High)]
    [InlineData("xhigh", ReasoningEffort.ExtraHigh)]
    [InlineData("max", ReasoningEffort.ExtraHigh)]
    public void TryParse_OfAnEffort_TakesTheNearest(string effort, ReasoningEffort expected) =>
        Assert.Equal(expected, Parse($"\"reasoning_effort\":\"{effort}\"").Options.Reasoning!.Effort);

    [Theory]
    [InlineData("\"temperature\":2.1", "temperature", "decimal_above_max_value")]
    [InlineData("\"temperature\":-0.1", "temperature", "decimal_below_min_value")]
    [InlineData("\"temperature\":1e999", "temperature", "decimal_above_max_value")]
    [InlineData("\"temperature\":\"hot\"", "temperature", "invalid_type")]
    [InlineData("\"top_p\":1.5", "top_p", "decimal_above_max_value")]
    [InlineData("\"presence_penalty\":3", "presence_penalty", "decimal_above_max_value")]
    [InlineData("\"frequency_penalty\":-3", "frequency_penalty", "decimal_below_min_value")]
    [InlineData("\"max_tokens\":0", "max_tokens", "integer_below_min_value")]
    [InlineData("\"max_tokens\":1.5", "max_tokens", "invalid_type")]
    [InlineData("\"max_completion_tokens\":99999999999", "max_completion_tokens", "integer_above_max_value")]
    [InlineData("\"seed\":1.5", "seed", "invalid_type")]
    [InlineData("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "stop", "array_above_max_length")]
    [InlineData("\"stop\":[1]", "stop", "invalid_type")]
    [InlineData("\"stop\":\"\"", "stop", "invalid_value")]
    [InlineData("\"n\":2", "n", "unsupported_value")]
    [InlineData("\"n\":0", "n", "integer_below_min_value")]
    [InlineData("\"logprobs\":true", "logprobs", "unsupported_parameter")]
    [InlineData("\"top_logprobs\":1", "top_logprobs", "unsupported_parameter")]
    [InlineData("\"modalities\":[\"text\",\"audio\"]", "modalities", "unsupported_value")]
    [InlineData("\"modalities\":[1]", "modalities", "unsupported_value")]
    [InlineData("\"audio\":{\"voice\":\"x\"}", "audio", "unsupported_parameter")]
    [InlineData("\"functions\":[]", "functions", "unsupported_parameter")]
    [InlineData("\"function_call\":\"auto\"", "function_call", "unsupported_parameter")]
    [InlineData("\"prediction\":{}", "prediction", "unsupported_parameter")]
    [InlineData("\"web_search_options\":{}", "web_search_options", "unsupported_parameter")]
    [InlineData("\"stream\":\"yes\"", "stream", "invalid_type")]
    [InlineData("\"stream_options\":true", "stream_options", "invalid_type")]
    [InlineData("\"reasoning_effort\":\"much\"", "reasoning_effort", "invalid_value")]
    [InlineData("\"response_format\":{\"type\":\"xml\"}", "response_format.type", "invalid_value")]
    [InlineData("\"response_format\":{}", "response_format.type", "missing_required_parameter")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\"}", "response_format.json_schema", "missing_required_parameter")]
    [InlineData(
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\"}}",
        "response_format.json_schema.schema",
        "missing_required_parameter"
    )]
    [InlineData("\"tools\":{}", "tools", "invalid_type")]
    [InlineData("\"tools\":[1]", "tools[0]", "invalid_type")]
    [InlineData("\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"f\"}}]", "tools[0].type", "unsupported_value")]
    [InlineData("\"tools\":[{\"type\":\"function\"}]", "tools[0].function", "missing_required_parameter")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]", "tools[0].function.name", "invalid_value")]
    [InlineData(
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\"}},{\"type\":\"function\",\"function\":{\"name\":\"a\"}}]",
        "tools[1]",
        "invalid_value"
    )]
    [InlineData(
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\",\"parameters\":[]}}]",
        "tools[0].function.parameters",
        "invalid_type"
    )]
    [InlineData("\"tool_choice\":\"required\"", "tool_choice", "invalid_value")]
    [InlineData("\"tool_choice\":\"some\"", "tool_choice", "invalid_value")]
    [InlineData("\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"x\"}}", "tool_choice.function.name", "invalid_value")]
    [InlineData("\"tool_choice\":{\"type\":\"allowed_tools\"}", "tool_choice.type", "unsupported_value")]
    [InlineData("\"parallel_tool_calls\":1", "parallel_tool_calls", "invalid_type")]
    [InlineData("\"metadata\":{\"a\":1}", "metadata.a", "invalid_type")]
    [InlineData("\"user\":\"\\u0000\"", "user", "invalid_value")]
    [InlineData("\"something_new\":[\"\\ud83d\"]", "something_new", "invalid_value")]
    [InlineData("\"\\ud83d\":1", null, "invalid_value")]
    public void TryParse_OfWhatCanNotBeHad_RefusesIt(string field, string? param, string code) =>
        AssertRefused(Body(Hi, field), param, code);

    [Theory]
    [InlineData("""{"content":"x"}""", "messages[0].role", "missing_required_parameter")]
    [InlineData("""{"role":"robot","content":"x"}""", "messages[0].role", "invalid_value")]
    [InlineData("""{"role":"function","name":"f","content":"x"}""", "messages[0].role", "unsupported_value")]
    [InlineData("""{"role":"user"}""", "messages[0].content", "missing_required_parameter")]
    [InlineData("""{"role":"user","content":5}""", "messages[0].content", "invalid_type")]
    [InlineData("""{"role":"user","content":["x"]}""", "messages[0].content[0]", "invalid_type")]
    [InlineData("""{"role":"user","content":[{"type":"text"}]}""", "messages[0].content[0].text", "missing_required_parameter")]
    [InlineData(
        """{"role":"user","content":[{"type":"input_audio","input_audio":{}}]}""",
        "messages[0].content[0].type",
        "unsupported_value"
    )]
    [InlineData("""{"role":"user","content":[{"type":"video"}]}""", "messages[0].content[0].type", "invalid_value")]
    [InlineData(
        """{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x/y"}}]}""",
        "messages[0].content[0].type",
        "invalid_value"
    )]
    [InlineData("""{"role":"user","content":[{"type":"image_url"}]}""", "messages[0].content[0].image_url", "missing_required_parameter")]
    [InlineData(
        """{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x/y"}}]}""",
        "messages[0].content[0].image_url.url",
        "invalid_value"
    )]
    [InlineData(
        """{"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}]}""",
        "messages[0].content[0].image_url.url",
        "invalid_value"
    )]
    [InlineData(
        """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,x"}}]}""",
        "messages[0].content[0].image_url.url",
        "invalid_value"
    )]
    [InlineData(
        """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,*"}}]}""",
        "messages[0].content[0].image_url.url",
        "invalid_value"
    )]
    [InlineData(
        """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:text/html;base64,AQ=="}}]}""",
        "messages[0].content[0].image_url.url",
        "invalid_value"
    )]
    [InlineData(
        """{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y","detail":"huge"}}]}""",
        "messages[0].content[0].image_url.detail",
        "invalid_value"
    )]
    [InlineData(
        """{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}""",
        "messages[0].content[0].file.file_id",
        "unsupported_parameter"
    )]
    [InlineData(
        """{"role":"user","content":[{"type":"file","file":{"file_data":"AQ=="}}]}""",
        "messages[0].content[0].file.file_data",
        "invalid_value"
    )]
    [InlineData("""{"role":"tool","content":"x"}""", "messages[0].tool_call_id", "missing_required_parameter")]
    [InlineData("""{"role":"assistant","function_call":{"name":"f"}}""", "messages[0].function_call", "unsupported_parameter")]
    [InlineData("""{"role":"assistant","audio":{"id":"a"}}""", "messages[0].audio", "unsupported_parameter")]
    [InlineData(
        """{"role":"assistant","tool_calls":[{"id":"c","type":"custom"}]}""",
        "messages[0].tool_calls[0].type",
        "unsupported_value"
    )]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"c"}]}""", "messages[0].tool_calls[0].function", "missing_required_parameter")]
    [InlineData(
        """{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}""",
        "messages[0].tool_calls[0].id",
        "missing_required_parameter"
    )]
    [InlineData("5", "messages[0]", "invalid_type")]
    public void TryParse_OfABadMessage_SaysWhere(string message, string param, string code) =>
        AssertRefused(Body(message, ""), param, code);

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", "model", "missing_required_parameter")]
    [InlineData("""{"model":"","messages":[{"role":"user","content":"x"}]}""", "model", "invalid_value")]
    [InlineData("""{"model":5,"messages":[{"role":"user","content":"x"}]}""", "model", "invalid_type")]
    [InlineData("""{"model":"m"}""", "messages", "missing_required_parameter")]
    [InlineData("""{"model":"m","messages":[]}""", "messages", "empty_array")]
    [InlineData("""{"model":"m","messages":"hi"}""", "messages", "invalid_type")]
    [InlineData("[]", null, "invalid_type")]
    [InlineData("null", null, "invalid_type")]
    public void TryParse_OfABadBody_SaysWhy(string body, string? param, string code) => AssertRefused(body, param, code);

    [Fact]
    public void TryParse_OfTooManyTools_RefusesThem()
    {
        static string Tools(int count) =>
            "\"tools\":["
            + string.Join(',', Enumerable.Range(0, count).Select(i => $$$"""{"type":"function","function":{"name":"f{{{i}}}"}}"""))
            + "]";
        Assert.Equal(128, Parse(Tools(128)).DeclaredTools.Count);
        AssertRefused(Body(Hi, Tools(129)), "tools", "array_above_max_length");
    }

    [Fact]
    public void TryParse_OfTooMuchMetadata_RefusesIt()
    {
        static string Metadata(int count, int length) =>
            "\"metadata\":{" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"k{i}\":\"{new string('x', length)}\"")) + "}";
        Assert.Equal(16, Parse(Metadata(16, 512)).Metadata.Count);
        AssertRefused(Body(Hi, Metadata(17, 1)), "metadata", "object_above_max_properties");
        AssertRefused(Body(Hi, Metadata(1, 513)), "metadata", "string_above_max_length");
    }

    /// <summary>All that is parsed reaches a server that speaks the same protocol.</summary>
    [Fact]
    public void TryParse_ThenWritten_IsTheRequestAgain()
    {
        var body = WholeBody;
        Assert.True(OpenAIChatRequest.TryParse(JsonElement.Parse(body), out var request, out var refusal), refusal?.Message);
        var written = OpenAIRequestWriter.Write(
            request.Model,
            request.Messages,
            request.Options,
            new OpenAIClientOptions { UseMaxCompletionTokens = true }
        );
        Assert.Equal(body, JsonElement.Parse(written.Span).GetRawText());
    }

    [Fact]
    public void TryParse_WithAnyValueAnywhere_NeverThrows() =>
        BrokenBodies.Try(WholeBody, body => OpenAIChatRequest.TryParse(body, out _, out _));

    private static string WholeBody
    {
        get
        {
            const string messages = """
                [{"role":"system","content":"Be brief."},{"role":"user","name":"ana","content":"Weather?"},{"role":"assistant","name":"bot","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"city\":\"Bern\"}"}}]},{"role":"tool","tool_call_id":"c1","content":"sunny"},{"role":"user","name":"ana","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AQI=","detail":"low"}},{"type":"image_url","image_url":{"url":"https://example.com/a%20b.png?x=%2F"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,Aw=="}}]}]
                """;
            const string rest = """
                "max_completion_tokens":50,"temperature":0.7,"top_p":0.9,"frequency_penalty":1,"presence_penalty":-1,"seed":5,"stop":["END"],"reasoning_effort":"xhigh","response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","strict":true,"schema":{"type":"object"}}},"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}},{"type":"function","function":{"name":"g","parameters":{"type":"object","properties":{}}}}],"parallel_tool_calls":false,"tool_choice":{"type":"function","function":{"name":"f"}}
                """;
            return $$"""{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":{{messages}},{{rest}}}""";
        }
    }

    private static OpenAIChatRequest Parse(string fields, string messages = Hi)
    {
        Assert.True(OpenAIChatRequest.TryParse(JsonElement.Parse(Body(messages, fields)), out var request, out var refusal), $"{refusal}");
        Assert.Null(refusal);
        return request;
    }

    private static IReadOnlyList<ChatMessage> Messages(string messages) => Parse("", messages).Messages;

    private static string Body(string messages, string fields) =>
        "{\"model\":\"m\",\"messages\":[" + messages + "]" + (fields.Length > 0 ? "," + fields : "") + "}";

    private static void AssertRefused(string body, string? param, string code)
    {
        Assert.False(OpenAIChatRequest.TryParse(JsonElement.Parse(body), out var request, out var refusal));
        Assert.Null(request);
        Assert.Equal((param, code), (refusal.Param, refusal.Code));
        Assert.EndsWith(".", refusal.Message, StringComparison.Ordinal);
    }
}
