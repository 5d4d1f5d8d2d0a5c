using Parley.Streaming.Providers;

namespace Parley.Streaming.Tests.Providers.Anthropic;

/// <summary>The Anthropic family keeps the contract.</summary>
public sealed class AnthropicContractTests : ModelProviderContract
{
    private const string Models = """
        {"data":[{"type":"model","id":"m","display_name":"Model M","created_at":"2026-01-01T00:00:00Z"},{"id":"org/n"},{"id":"m"}],"has_more":false}
        """;

    protected override IReadOnlyList<ExpectedTimeout> Timeouts =>
        [
            new(UpstreamBehaviour.SilentFromTheStart, TimeSpan.FromSeconds(30), ProviderFailure.FirstTokenTimedOut),
            new(UpstreamBehaviour.SilentAfterText, TimeSpan.FromSeconds(30), ProviderFailure.Stalled),
        ];

    protected override IReadOnlyList<ExpectedFailure> Failures =>
        [
            new(UpstreamBehaviour.Unauthorized, ProviderFailure.Unauthorized, "Up did not accept the API key"),
            new(UpstreamBehaviour.RateLimited, ProviderFailure.RateLimited, "Up is limiting requests. Try again in 7 s"),
            new(UpstreamBehaviour.ErrorAfterText, ProviderFailure.Unavailable, "Up is not available at the moment"),
            new(UpstreamBehaviour.BrokenAfterText, ProviderFailure.Reset, "The connection to Up broke"),
        ];

    protected override IReadOnlyList<InvalidSettings> Invalid =>
        [
            new(["Providers:x:Type=anthropic"], "Providers:x:BaseUrl", "Type an http or https URL"),
            new(["ANTHROPIC_API_KEY=" + Secret + " x"], "Providers:anthropic:ApiKey", "Copy the key again"),
            new(["ANTHROPIC_API_KEY=k", "Providers:anthropic:MaxTokens=0"], "Providers:anthropic:MaxTokens", "from 1 to 1000000"),
            new(["ANTHROPIC_API_KEY=k", "Providers:anthropic:TotalTimeout=1000"], "Providers:anthropic:TotalTimeout", "up to one day"),
        ];

    protected override UpstreamUnderTest Start(UpstreamBehaviour behaviour)
    {
        const string echo = "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"key " + Secret + "\"}}";
        var answer = behaviour switch
        {
            UpstreamBehaviour.Answer => Transcript.Stream(
                Transcript.Start,
                """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}""",
                """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm. "}}""",
                """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Well."}}""",
                """{"type":"content_block_stop","index":0}""",
                """{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}""",
                """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hello"}}""",
                """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":" world"}}""",
                """{"type":"content_block_stop","index":1}""",
                Transcript.End("end_turn")
            ),
            UpstreamBehaviour.ToolCall => Transcript.Stream(
                Transcript.Start,
                """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c1","name":"weather","input":{}}}""",
                """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}""",
                """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}""",
                """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\"Paris\"}"}}""",
                """{"type":"content_block_stop","index":0}""",
                Transcript.End("tool_use")
            ),
            UpstreamBehaviour.SilentFromTheStart => RawUpstream.EventStream,
            UpstreamBehaviour.SilentAfterText => Transcript.Stream(Transcript.Start, Transcript.Hello),
            UpstreamBehaviour.Unauthorized => RawUpstreamUnderTest.Response(401, echo),
            UpstreamBehaviour.RateLimited => RawUpstreamUnderTest
                .Response(429, echo)
                .Replace("\r\n\r\n", "\r\nRetry-After: 7\r\n\r\n", StringComparison.Ordinal),
            UpstreamBehaviour.ErrorAfterText => Transcript.Stream(Transcript.Start, Transcript.Hello, echo),
            _ => RawUpstreamUnderTest.Broken($"{Transcript.Frames(Transcript.Start, Transcript.Hello)}: {Secret}\n\n"),
        };
        return new RawUpstreamUnderTest("anthropic", behaviour, RawUpstreamUnderTest.Response(200, Models), answer);
    }
}
