using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Server.Compatibility.OpenAI.Requests;
using Parley.Streaming.Providers.OpenAI;

namespace Parley.Server.Tests.Compatibility.OpenAI;

/// <summary>What clients send to the Responses API: honoured, passed over, or refused with a reason.</summary>
public sealed class OpenAIResponsesRequestTests
{
    private const string Conversation = """
        "input":[{"role":"developer","content":"Be brief."},{"type":"message","role":"user","content":[{"type":"input_text","text":"Weather?"}]},
        {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"short"}],"content":[{"type":"reasoning_text","text":"Hm."}],"encrypted_content":"x"},
        {"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Let me look.","annotations":[]}]},
        {"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{\"city\":\"Bern\"}"},{"type":"function_call","call_id":"c2","name":"g","arguments":""},
        {"type":"function_call_output","call_id":"c1","output":"sunny"},{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"no"}]},
        {"role":"assistant","content":"It is sunny."},{"role":"assistant","content":[{"type":"refusal","refusal":"No more."}]},{"type":"reasoning","id":"rs_2","summary":[]},
        {"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,AQ==","detail":"auto"},{"type":"input_image","image_url":"https://example.com/a.png"},
        {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,Aw=="}]}]
        """;

    [Fact]
    public void TryParse_OfAllOptions_TakesThem()
    {
        var request = Parse(
            """
            "input":"hi","instructions":"Be brief.","previous_response_id":"resp_1","stream":true,"background":true,"store":true,"metadata":{"a":"b"},"temperature":0.5,"top_p":1,"max_output_tokens":64,
            "reasoning":{"effort":"low","summary":"auto"},"text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true},"verbosity":"low"},
            "tools":[{"type":"function","name":"f","description":"d","parameters":{"type":"object"},"strict":false}],"tool_choice":{"type":"function","name":"f"},"parallel_tool_calls":true,
            "include":["reasoning.encrypted_content"],"truncation":"auto","top_logprobs":0,"something_new":1
            """
        );
        Assert.True(
            request is { Model: "m", Instructions: "Be brief.", PreviousResponseId: "resp_1", Stream: true, Background: true, Store: true }
        );
        Assert.Equal([KeyValuePair.Create("a", "b")], request.Metadata);
        Assert.Equal(["f"], request.DeclaredTools);
        var options = request.Options;
        Assert.Equal(
            (0.5f, 1f, 64, "Be brief.", ReasoningEffort.Low),
            (options.Temperature, options.TopP, options.MaxOutputTokens, options.Instructions, options.Reasoning!.Effort)
        );
        Assert.Equal("n", Assert.IsType<ChatResponseFormatJson>(options.ResponseFormat).SchemaName);
        Assert.Equal("f", Assert.IsType<RequiredChatToolMode>(options.ToolMode).RequiredFunctionName);
        Assert.Equal(("user", "hi"), (request.Messages.Single().Role.Value, request.Messages.Single().Text));
    }

    [Fact]
    public void TryParse_OfTheLeast_Stores() =>
        Assert.True(
            Parse("\"input\":\"hi\"")
                is {
                    Store: true,
                    Stream: false,
                    Background: false,
                    PreviousResponseId: null,
                    Instructions: null,
                    Options.Temperature: null
                }
        );

    [Fact]
    public void TryParse_OfNulls_IsAsIfTheyWereNotThere() =>
        Assert.True(
            Parse(
                """
                "input":"hi","conversation":null,"prompt":null,"tools":null,"tool_choice":null,"text":null,"reasoning":null,"include":null,"store":null,"truncation":null,"metadata":null
                """
            ).Store
        );

    /// <summary>A turn of the assistant is one message: models want its calls together, and their results after them.</summary>
    [Fact]
    public void TryParse_OfItems_GivesTheConversation()
    {
        var request = Parse(Conversation);
        var written = JsonElement.Parse(OpenAIRequestWriter.Write("m", request.Messages, request.Options, new OpenAIClientOptions()).Span);
        Assert.Equal(
            [
                """{"role":"system","content":"Be brief."}""",
                """{"role":"user","content":"Weather?"}""",
                """{"role":"assistant","content":"Let me look.","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"city\":\"Bern\"}"}},{"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]}""",
                """{"role":"tool","tool_call_id":"c1","content":"sunny"}""",
                """{"role":"tool","tool_call_id":"c2","content":"no"}""",
                """{"role":"assistant","content":"It is sunny."}""",
                """{"role":"assistant","content":"No more."}""",
                """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AQ==","detail":"auto"}},{"type":"image_url","image_url":{"url":"https://example.com/a.png"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,Aw=="}}]}""",
            ],
            written.GetProperty("messages").EnumerateArray().Select(message => message.GetRawText())
        );
        Assert.Equal("Hm.", Assert.IsType<TextReasoningContent>(request.Messages[2].Contents[0]).Text);
    }

    [Theory]
    [InlineData("\"input\":null", "input", "missing_required_parameter")]
    [InlineData("\"input\":[]", "input", "empty_array")]
    [InlineData("\"input\":5", "input", "invalid_type")]
    [InlineData("\"input\":[5]", "input[0]", "invalid_type")]
    [InlineData("\"input\":[{\"content\":\"x\"}]", "input[0].role", "missing_required_parameter")]
    [InlineData("\"input\":[{\"role\":\"tool\",\"content\":\"x\"}]", "input[0].role", "invalid_value")]
    [InlineData("\"input\":[{\"role\":\"user\"}]", "input[0].content", "missing_required_parameter")]
    [InlineData(
        "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\"}]}]",
        "input[0].content[0].type",
        "unsupported_value"
    )]
    [InlineData(
        "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"output_text\",\"text\":\"x\"}]}]",
        "input[0].content[0].type",
        "invalid_value"
    )]
    [InlineData(
        "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\"}]}]",
        "input[0].content[0].text",
        "missing_required_parameter"
    )]
    [InlineData(
        "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"file_id\":\"x\"}]}]",
        "input[0].content[0].file_id",
        "unsupported_parameter"
    )]
    [InlineData(
        "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\"}]}]",
        "input[0].content[0].image_url",
        "missing_required_parameter"
    )]
    [InlineData(
        "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_file\",\"file_url\":\"https://x/y\"}]}]",
        "input[0].content[0].file_url",
        "unsupported_parameter"
    )]
    [InlineData("\"input\":[{\"type\":\"item_reference\",\"id\":\"msg_1\"}]", "input[0].type", "unsupported_value")]
    [InlineData("\"input\":[{\"type\":\"web_search_call\"}]", "input[0].type", "unsupported_value")]
    [InlineData("\"input\":[{\"type\":\"function_call\",\"name\":\"f\"}]", "input[0].call_id", "missing_required_parameter")]
    [InlineData("\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"c\"}]", "input[0].output", "missing_required_parameter")]
    [InlineData(
        "\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":[{\"type\":\"input_image\"}]}]",
        "input[0].output[0].type",
        "invalid_value"
    )]
    [InlineData("\"input\":\"hi\",\"conversation\":\"conv_1\"", "conversation", "unsupported_parameter")]
    [InlineData("\"input\":\"hi\",\"prompt\":{\"id\":\"p\"}", "prompt", "unsupported_parameter")]
    [InlineData("\"input\":\"hi\",\"top_logprobs\":2", "top_logprobs", "unsupported_parameter")]
    [InlineData("\"input\":\"hi\",\"include\":[\"message.output_text.logprobs\"]", "include", "unsupported_value")]
    [InlineData("\"input\":\"hi\",\"truncation\":\"some\"", "truncation", "invalid_value")]
    [InlineData("\"input\":\"hi\",\"background\":true,\"store\":false", "background", "invalid_value")]
    [InlineData("\"input\":\"hi\",\"max_output_tokens\":0", "max_output_tokens", "integer_below_min_value")]
    [InlineData("\"input\":\"hi\",\"temperature\":3", "temperature", "decimal_above_max_value")]
    [InlineData("\"input\":\"hi\",\"reasoning\":{\"effort\":\"much\"}", "reasoning.effort", "invalid_value")]
    [InlineData(
        "\"input\":\"hi\",\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\"}}",
        "text.format.schema",
        "missing_required_parameter"
    )]
    [InlineData("\"input\":\"hi\",\"tools\":[{\"type\":\"web_search\"}]", "tools[0].type", "unsupported_value")]
    [InlineData("\"input\":\"hi\",\"tools\":[{\"type\":\"function\"}]", "tools[0].name", "missing_required_parameter")]
    [InlineData("\"input\":\"hi\",\"tool_choice\":{\"type\":\"function\",\"name\":\"x\"}", "tool_choice.name", "invalid_value")]
    [InlineData("\"input\":\"\\ud83d\"", "input", "invalid_value")]
    public void TryParse_OfWhatCanNotBeHad_RefusesIt(string fields, string param, string code)
    {
        Assert.False(
            OpenAIResponsesRequest.TryParse(JsonElement.Parse("{\"model\":\"m\"," + fields + "}"), out var request, out var refusal)
        );
        Assert.Null(request);
        Assert.Equal((param, code), (refusal.Param, refusal.Code));
    }

    [Fact]
    public void TryParse_WithAnyValueAnywhere_NeverThrows() =>
        BrokenBodies.Try(
            "{\"model\":\"m\","
                + Conversation
                + """
                ,"reasoning":{"effort":"low"},"text":{"format":{"type":"json_schema","name":"n","schema":{},"strict":true}},"tools":[{"type":"function","name":"f","parameters":{}}],"tool_choice":{"type":"function","name":"f"},
                "include":["x"],"metadata":{"a":"b"},"temperature":1,"store":true,"truncation":"auto","top_logprobs":0,"seed":1}
                """,
            body => OpenAIResponsesRequest.TryParse(body, out _, out _)
        );

    [Fact]
    public void TryParse_WithoutAModel_SaysSo()
    {
        Assert.False(OpenAIResponsesRequest.TryParse(JsonElement.Parse("""{"input":"x"}"""), out _, out var refusal));
        Assert.Equal(new OpenAIRefusal("Missing required parameter: 'model'.", "model", "missing_required_parameter"), refusal);
    }

    private static OpenAIResponsesRequest Parse(string fields)
    {
        Assert.True(
            OpenAIResponsesRequest.TryParse(JsonElement.Parse("{\"model\":\"m\"," + fields + "}"), out var request, out var refusal),
            $"{refusal}"
        );
        Assert.Null(refusal);
        return request;
    }

    [Fact]
    public void Reference_ToAnItem_IsReadAsTheItem_AndAnUnknownOneIsRefused()
    {
        var body = JsonElement.Parse(
            $$"""{"model":"m","input":[{"role":"user","content":"a"},{"type":"item_reference","id":"msg_01890a5dac96774bbcceb302099a8057_0"},{"role":"user","content":"b"}]}"""
        );
        Assert.True(OpenAIResponsesRequest.TryParse(body, static _ => [new TextContent("the answer")], out var request, out _));
        Assert.Equal(
            ["user: a", "assistant: the answer", "user: b"],
            request.Messages.Select(message => $"{message.Role}: {message.Text}")
        );
        Assert.False(OpenAIResponsesRequest.TryParse(body, static _ => null, out _, out var refusal));
        Assert.Equal("item_not_found", refusal.Code);
        Assert.Equal("input[1].id", refusal.Param);
    }
}
