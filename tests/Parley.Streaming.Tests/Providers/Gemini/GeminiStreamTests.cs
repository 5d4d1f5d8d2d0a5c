using System.Text;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.Gemini;

namespace Parley.Streaming.Tests.Providers.Gemini;

/// <summary>What the Gemini API sends, and what becomes of it.</summary>
public sealed class GeminiStreamTests
{
    public static TheoryData<string, string> Streams =>
        new()
        {
            { "plain", Chunks.Frames(Chunks.Hello, Chunks.End("STOP")) },
            {
                "LF, no space",
                Chunks
                    .Frames(Chunks.Hello, Chunks.End("STOP"))
                    .Replace("\r\n", "\n", StringComparison.Ordinal)
                    .Replace("data: ", "data:", StringComparison.Ordinal)
            },
            { "comments, [DONE]", ": x\n\ndata:\n\n" + Chunks.Frames(Chunks.Hello, Chunks.End("STOP")) + "data: [DONE]\n\n" },
            { "finish without parts", Chunks.Frames(Chunks.Hello, """{"candidates":[{"finishReason":"STOP"}]}""") },
            { "finish with empty content", Chunks.Frames(Chunks.Hello, """{"candidates":[{"content":{},"finishReason":"STOP"}]}""") },
            {
                "finish beside the text, before it",
                Chunks.Frames("""{"candidates":[{"finishReason":"STOP","content":{"parts":[{"text":"Hello"}]}}]}""")
            },
            {
                "unspecified reason",
                Chunks.Frames(
                    Chunks.Hello.Replace("\"index\":0", "\"finishReason\":\"FINISH_REASON_UNSPECIFIED\"", StringComparison.Ordinal),
                    Chunks.End("STOP")
                )
            },
            {
                "unknown fields, parts and candidates",
                Chunks.Frames(
                    """{"future":[{"a":1}],"candidates":null,"promptFeedback":{"safetyRatings":[]}}""",
                    """{"candidates":[{"index":1,"content":{"parts":[{"text":"no"}]},"finishReason":"SAFETY"},{"safetyRatings":[{"blocked":false}],"groundingMetadata":{"a":[1]},"content":{"role":"model","parts":[{"inlineData":{"data":"AA"}},{"executableCode":{"code":"no"}},{"text":"Hello","future":{}},{"thoughtSignature":"s"}]}}]}""",
                    Chunks.End("STOP")
                )
            },
            { "text after the end", Chunks.Frames(Chunks.Hello, Chunks.End("STOP"), Chunks.Hello, Chunks.End("SAFETY")) },
            { "error null", Chunks.Frames(Chunks.Hello, """{"error":null}""", Chunks.End("STOP")) },
        };

    public static TheoryData<string, string, ProviderFailure> Failures =>
        new()
        {
            { "clean end after text", Chunks.Frames(Chunks.Hello), ProviderFailure.CutShort },
            { "half a frame at the end", Chunks.Frames(Chunks.Hello) + "data: {\"candidates\":[{\"con", ProviderFailure.CutShort },
            { "broken JSON", Chunks.Frames(Chunks.Hello, "{]}"), ProviderFailure.MalformedFrame },
            { "no object", Chunks.Frames(Chunks.Hello, "5"), ProviderFailure.MalformedFrame },
            { "overloaded", Error(503, "UNAVAILABLE"), ProviderFailure.Unavailable },
            { "internal", Error(500, "INTERNAL"), ProviderFailure.Unavailable },
            { "limit", Error(429, "RESOURCE_EXHAUSTED"), ProviderFailure.RateLimited },
            { "no credit", Error(429, "Your prepayment credits are depleted"), ProviderFailure.OutOfCredit },
            { "key", Error(400, "API_KEY_INVALID"), ProviderFailure.Unauthorized },
            {
                "too long",
                Error(400, "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
                ProviderFailure.ContextTooLong
            },
            { "error without a code", Chunks.Frames(Chunks.Hello, """{"error":{"message":"boom"}}"""), ProviderFailure.ReportedError },
            { "malformed call", Chunks.Frames(Chunks.Hello, Chunks.End("MALFORMED_FUNCTION_CALL")), ProviderFailure.ReportedError },
            { "unexpected call", Chunks.Frames(Chunks.Hello, Chunks.End("UNEXPECTED_TOOL_CALL")), ProviderFailure.ReportedError },
        };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Client_WhatServersSend_GivesTheText(string name, string body)
    {
        var answer = await AskAsync(RawUpstream.EventStream + body);

        Assert.True(answer.Error is null, $"{name}: {answer.Error?.Failure}");
        Assert.Equal(("Hello", "", ChatFinishReason.Stop), (answer.Text, answer.Reasoning, answer.Finish));
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
    [InlineData(400, "API key not valid. Please pass a valid API key.", ProviderFailure.Unauthorized)]
    [InlineData(400, "The input token count (9) exceeds the maximum number of tokens allowed (8).", ProviderFailure.ContextTooLong)]
    [InlineData(400, "Please enable billing", ProviderFailure.OutOfCredit)]
    [InlineData(400, "Unknown name", ProviderFailure.Refused)]
    [InlineData(403, "x", ProviderFailure.Unauthorized)]
    [InlineData(404, "models/x is not found", ProviderFailure.ModelNotFound)]
    [InlineData(429, "x", ProviderFailure.RateLimited)]
    [InlineData(503, "The model is overloaded.", ProviderFailure.Unavailable)]
    public async Task Client_ErrorResponse_IsItsFailure(int status, string message, ProviderFailure expected)
    {
        var body = $$$"""[{"error":{"code":{{{status}}},"message":"{{{message}}}","status":"X"}}]""";

        Assert.Equal(expected, (await AskAsync(RawUpstreamUnderTest.Response(status, body))).Error?.Failure);
    }

    [Theory]
    [InlineData("MAX_TOKENS", "length")]
    [InlineData("CONTINUATION", "length")]
    [InlineData("SAFETY", "content_filter")]
    [InlineData("RECITATION", "content_filter")]
    [InlineData("PROHIBITED_CONTENT", "content_filter")]
    [InlineData("IMAGE_SAFETY", "content_filter")]
    [InlineData("OTHER", "other")]
    [InlineData("NEW_REASON", "other")]
    public async Task Client_FinishReason_IsMapped(string reason, string expected) =>
        Assert.Equal(expected, (await AskAsync(Chunks.Stream(Chunks.Hello, Chunks.End(reason)))).Finish?.Value);

    [Theory]
    [InlineData("""{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4}}""")]
    [InlineData("""{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT","safetyRatings":[]}}""")]
    [InlineData("""{"candidates":[{"finishReason":"SAFETY","index":0}]}""")]
    public async Task Client_BlockedBeforeAnAnswer_SaysSo(string chunk)
    {
        var answer = await AskAsync(Chunks.Stream(chunk));

        Assert.Equal(ProviderFailure.Blocked, answer.Error?.Failure);
        Assert.Equal(
            "Up blocked this conversation because of its content. Change the message, or choose another model.",
            answer.Error!.UserMessage
        );
    }

    [Fact]
    public async Task Client_Usage_IsTheLastTotalsWithTheThoughtsInTheOutput()
    {
        var usage = (await AskAsync(Chunks.Stream(Chunks.Hello, Chunks.End("STOP")))).Usage!;

        Assert.Equal((8L, 7L, 15L), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount));
        Assert.Equal((3L, 5L), (usage.CachedInputTokenCount, usage.ReasoningTokenCount));
    }

    [Fact]
    public async Task Client_FunctionCalls_GetIdsAndKeepTheirSignature()
    {
        var answer = await AskAsync(
            Chunks.Stream(
                Chunks.Hello,
                Chunks.Parts(
                    """{"functionCall":{"name":"f","args":{"x":1}},"thoughtSignature":"c2ln"},{"functionCall":{"name":"g"}},{"functionCall":{"id":"own","args":{},"name":"h"}}"""
                ),
                Chunks.End("STOP")
            )
        );

        Assert.Equal("f#call_r1_0( {\"x\":1} ) g#call_r1_1( ) h#own( )", answer.Calls);
        Assert.Equal(ChatFinishReason.ToolCalls, answer.Finish);
        var signed = Assert.Single(answer.Contents.OfType<TextReasoningContent>());
        Assert.Equal("c2ln", GeminiSignature.Unpack(signed.ProtectedData, "m"));
        Assert.Null(GeminiSignature.Unpack(signed.ProtectedData, "n"));
    }

    [Fact]
    public async Task Client_ListInsteadOfEvents_IsTheSameAnswer()
    {
        var answer = await AskAsync(RawUpstreamUnderTest.Response(200, $"[{Chunks.Hello},\r\n{Chunks.End("STOP")}\n]"));

        Assert.Equal(("Hello", ChatFinishReason.Stop, 15L), (answer.Text, answer.Finish, answer.Usage?.TotalTokenCount));
    }

    [Fact]
    public async Task Client_AnyCut_GivesTheSameAnswer()
    {
        var body = Encoding.UTF8.GetBytes(
            Chunks.Frames(
                Chunks.Parts("""{"thought":true,"text":"Überlegung 漢"}"""),
                Chunks.Parts("""{"text":"ü\ud83d\ude42"},{"text":"👩‍💻\n"}"""),
                Chunks.Parts("""{"functionCall":{"id":"a","name":"f","args":{"x":1}}}"""),
                Chunks.End("STOP")
            )
        );
        var random = new Random(9);
        for (var run = 0; run < 100; run++)
        {
            var cuts = Enumerable.Range(0, 20).Select(_ => random.Next(1, run % 2 == 0 ? 4 : 60)).ToArray();
            using var http = new HttpClient(new StreamHandler(() => new CutStream(body, cuts)));
            using var client = new GeminiChatClient(http, Answer.Endpoint(new Uri("http://127.0.0.1/v1")), "m", new());

            var answer = await Answer.OfAsync(client, "hi");

            Assert.Equal(("Überlegung 漢", "ü🙂👩‍💻\n", "f#a( {\"x\":1} )"), (answer.Reasoning, answer.Text, answer.Calls));
            Assert.Equal((ChatFinishReason.ToolCalls, 15L), (answer.Finish, answer.Usage?.TotalTokenCount));
        }
    }

    private static string Error(int code, string message) =>
        Chunks.Frames(Chunks.Hello, $$$"""{"error":{"code":{{{code}}},"message":"{{{message}}}"}}""");

    private static async Task<Answer> AskAsync(string response)
    {
        await using var upstream = new RawUpstream(response);
        return await Answer.OfAsync(upstream, "gemini", "m", [new ChatMessage(ChatRole.User, "hi")]);
    }
}
