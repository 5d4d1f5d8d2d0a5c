using Parley.Streaming.Providers;

namespace Parley.Streaming.Tests.Providers.OpenAI;

/// <summary>The OpenAI-compatible family keeps the contract.</summary>
public sealed class OpenAIContractTests : ModelProviderContract
{
    private const string Models = """{"object":"list","data":[{"id":"m","object":"model"},{"id":"org/n","object":"model"},{"id":"m"}]}""";
    private const string Usage = """{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}""";

    protected override IReadOnlyList<ExpectedTimeout> Timeouts =>
        [
            new(UpstreamBehaviour.SilentFromTheStart, TimeSpan.FromSeconds(30), ProviderFailure.FirstTokenTimedOut),
            new(UpstreamBehaviour.SilentAfterText, TimeSpan.FromSeconds(30), ProviderFailure.Stalled),
        ];

    protected override IReadOnlyList<ExpectedFailure> Failures =>
        [
            new(UpstreamBehaviour.Unauthorized, ProviderFailure.Unauthorized, "Up did not accept the API key"),
            new(UpstreamBehaviour.RateLimited, ProviderFailure.RateLimited, "Up is limiting requests. Try again in 7 s"),
            new(UpstreamBehaviour.ErrorAfterText, ProviderFailure.ReportedError, "Up reported an error"),
            new(UpstreamBehaviour.BrokenAfterText, ProviderFailure.Reset, "The connection to Up broke"),
        ];

    protected override IReadOnlyList<InvalidSettings> Invalid =>
        [
            new(["Providers:x:Models:0=m"], "Providers:x:BaseUrl", "Type an http or https URL"),
            new([$"Providers:x:BaseUrl=http://user:{Secret}@a/v1"], "Providers:x:BaseUrl", "Put the key into Providers:x:ApiKey"),
            new(["OPENAI_API_KEY=" + Secret + " x"], "Providers:openai:ApiKey", "Copy the key again"),
            new(["OPENAI_API_KEY=k", "Providers:openai:IdleTimeout=30"], "Providers:openai:IdleTimeout", "for example 00:00:30"),
            new(["OPENAI_API_KEY=k", $"Providers:openai:Headers:a={Secret}\n"], "Providers:openai:Headers:a", "printable ASCII"),
        ];

    protected override UpstreamUnderTest Start(UpstreamBehaviour behaviour)
    {
        const string hello = """{"choices":[{"delta":{"content":"Hello"}}]}""";
        const string echo = "{\"error\":{\"message\":\"key " + Secret + "\"}}";
        var answer = behaviour switch
        {
            UpstreamBehaviour.Answer => Stream(
                """{"choices":[{"delta":{"reasoning_content":"Hm. "}}]}""",
                """{"choices":[{"delta":{"reasoning_content":"Well."}}]}""",
                hello,
                """{"choices":[{"delta":{"content":" world"},"finish_reason":"stop"}]}""",
                Usage
            ),
            UpstreamBehaviour.ToolCall => Stream(
                """{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":"{\"city\":"}}]}}]}""",
                """{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Paris\"}"}}]}}]}""",
                """{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}""",
                Usage
            ),
            UpstreamBehaviour.SilentFromTheStart => RawUpstream.EventStream,
            UpstreamBehaviour.SilentAfterText => Stream(hello),
            UpstreamBehaviour.Unauthorized => RawUpstreamUnderTest.Response(401, echo),
            UpstreamBehaviour.RateLimited => RawUpstreamUnderTest
                .Response(429, echo)
                .Replace("\r\n\r\n", "\r\nRetry-After: 7\r\n\r\n", StringComparison.Ordinal),
            UpstreamBehaviour.ErrorAfterText => Stream(hello, echo),
            _ => RawUpstreamUnderTest.Broken($"data: {hello}\n\n: {Secret}\n\n"),
        };
        return new RawUpstreamUnderTest("openai", behaviour, RawUpstreamUnderTest.Response(200, Models), answer);
    }

    private static string Stream(params string[] frames) =>
        RawUpstream.EventStream + string.Concat(frames.Select(frame => $"data: {frame}\n\n"));
}
