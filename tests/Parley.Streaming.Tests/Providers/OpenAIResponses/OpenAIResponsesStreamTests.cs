using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.OpenAIResponses;

namespace Parley.Streaming.Tests.Providers.OpenAIResponses;

/// <summary>What the Responses API and servers like it send, and what becomes of it.</summary>
public sealed class OpenAIResponsesStreamTests
{
    public static TheoryData<string, string> Streams =>
        new()
        {
            { "plain", Events.Frames(Events.Created, Events.Hello, Events.Completed) },
            { "[DONE] behind the end", Events.Frames(Events.Created, Events.Hello, Events.Completed) + "data: [DONE]\n\n" },
            { "no events before the text", Events.Frames(Events.Hello, Events.Completed) },
            { "a refusal", Events.Frames("""{"type":"response.refusal.delta","delta":"Hello"}""", Events.Completed) },
            {
                "unknown events, items and fields",
                Events.Frames(
                    Events.Created,
                    """
                    {"type":"response.new.delta","delta":"no"}
                    {"type":"response.audio.delta","delta":5}
                    {"type":"keepalive","sequence_number":3}
                    {"type":"response.output_item.added","output_index":0,"item":{"type":"web_search_call","id":"ws_1","arguments":"no"}}
                    {"type":"response.function_call_arguments.delta","output_index":0,"delta":"no"}
                    {"type":"response.output_item.done","output_index":0,"item":{"type":"web_search_call","content":[{"text":"no"}]}}
                    {"delta":"Hello","future":{"a":[1]},"type":"response.output_text.delta"}
                    {"type":"response.output_text.done","text":"Hello"}
                    """,
                    Events.Completed
                )
            },
        };

    public static TheoryData<string, string, ProviderFailure> Failures =>
        new()
        {
            { "clean end after text", Frames(), ProviderFailure.CutShort },
            { "half a frame at the end", Frames() + "data: {\"type\":\"respo", ProviderFailure.CutShort },
            { "[DONE] without an end", Frames() + "data: [DONE]\n\n", ProviderFailure.CutShort },
            { "broken JSON", Frames() + "data: {]}\n\n", ProviderFailure.MalformedFrame },
            { "no object", Frames() + "data: 5\n\n", ProviderFailure.MalformedFrame },
            { "error event", Frames("""{"type":"error","code":"server_error","message":"x"}"""), ProviderFailure.Unavailable },
            {
                "error inside",
                Frames("""{"type":"error","error":{"type":"rate_limit_error","message":"x"}}"""),
                ProviderFailure.RateLimited
            },
            { "error of a gateway", Frames() + "data: {\"error\":{\"message\":\"boom\"}}\n\n", ProviderFailure.ReportedError },
            { "failed", Failed("rate_limit_exceeded"), ProviderFailure.RateLimited },
            { "failed for quota", Failed("insufficient_quota"), ProviderFailure.OutOfCredit },
            { "failed prompt", Failed("invalid_prompt"), ProviderFailure.Refused },
            { "failed otherwise", Failed("new_code"), ProviderFailure.ReportedError },
            { "cancelled", Frames("""{"type":"response.cancelled","response":{"status":"cancelled"}}"""), ProviderFailure.ReportedError },
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
    [InlineData("max_output_tokens", "length")]
    [InlineData("content_filter", "content_filter")]
    [InlineData("new_reason", "other")]
    public async Task Client_Incomplete_HasItsFinishReason(string reason, string expected) =>
        Assert.Equal(expected, (await AskAsync(Events.Stream(Events.Hello, Events.Incomplete(reason)))).Finish?.Value);

    [Fact]
    public async Task Client_FilteredBeforeAnAnswer_IsBlocked() =>
        Assert.Equal(
            ProviderFailure.Blocked,
            (await AskAsync(Events.Stream(Events.Created, Events.Incomplete("content_filter")))).Error?.Failure
        );

    [Fact]
    public async Task Client_Usage_IsInCommonTerms()
    {
        var usage = (await AskAsync(Events.Stream(Events.Hello, Events.Completed))).Usage!;

        Assert.Equal((10L, 7L, 17L), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount));
        Assert.Equal((4L, 5L), (usage.CachedInputTokenCount, usage.ReasoningTokenCount));
    }

    [Fact]
    public async Task Client_ReasoningAndCalls_AreInOrder()
    {
        var answer = await AskAsync(
            Events.Stream(
                Events.Created,
                """
                {"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}
                {"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0}
                {"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"One."}
                {"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":1}
                {"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"Two."}
                {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","encrypted_content":"ZW5j","summary":[{"text":"no"}]}}
                {"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"a","name":"f","arguments":""}}
                {"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","call_id":"b","name":"g","arguments":""}}
                {"type":"response.function_call_arguments.delta","output_index":2,"delta":"{}"}
                {"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"x\":1}"}
                {"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"b","name":"g","arguments":"{}"}}
                {"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","call_id":"a","name":"f","arguments":"{\"x\":1}"}}
                {"type":"response.output_item.done","output_index":3,"item":{"type":"function_call","call_id":"c","name":"h","arguments":"{\"whole\":true}"}}
                """,
                Events.Completed
            )
        );

        Assert.Equal("One.\n\nTwo.", answer.Reasoning);
        Assert.Equal("f#a( {\"x\":1} ) g#b( {} ) h#c( {\"whole\":true} )", answer.Calls);
        Assert.Equal(ChatFinishReason.ToolCalls, answer.Finish);
        var signed = Assert.Single(answer.Contents.OfType<TextReasoningContent>(), content => content.ProtectedData is not null);
        Assert.Equal(("rs_1", "ZW5j"), OpenAIResponsesReasoning.Unpack(signed.ProtectedData, "m"));
    }

    [Fact]
    public async Task Client_WholeResponseInsteadOfAStream_IsTheSameAnswer()
    {
        var answer = await AskAsync(
            RawUpstreamUnderTest.Response(
                200,
                """
                {"id":"resp_1","object":"response","error":null,"output":[{"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"Hm."}]},
                {"type":"message","content":[{"type":"output_text","text":"Hello"}]},
                {"type":"function_call","call_id":"a","name":"f","arguments":"{}"}],"status":"completed","usage":{"input_tokens":5,"output_tokens":2,"total_tokens":7}}
                """
            )
        );

        Assert.Equal(("Hm.", "Hello", "f#a( {} )"), (answer.Reasoning, answer.Text, answer.Calls));
        Assert.Equal((ChatFinishReason.ToolCalls, 7L), (answer.Finish, answer.Usage?.TotalTokenCount));
    }

    private static string Frames(string? last = null) =>
        last is null ? Events.Frames(Events.Created, Events.Hello) : Events.Frames(Events.Created, Events.Hello, last);

    private static string Failed(string code) =>
        Frames(
            "{\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"" + code + "\",\"message\":\"x\"}}}"
        );

    private static async Task<Answer> AskAsync(string response)
    {
        await using var upstream = new RawUpstream(response);
        return await Answer.OfAsync(upstream, "openai-responses", "m", [new ChatMessage(ChatRole.User, "hi")]);
    }
}
