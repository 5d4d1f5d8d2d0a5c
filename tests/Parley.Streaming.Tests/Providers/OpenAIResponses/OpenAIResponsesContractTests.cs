using Parley.Streaming.Providers;

namespace Parley.Streaming.Tests.Providers.OpenAIResponses;

/// <summary>The family of the Responses API keeps the contract.</summary>
public sealed class OpenAIResponsesContractTests : ModelProviderContract
{
    private const string Models = """{"object":"list","data":[{"id":"m","object":"model"},{"id":"org/n"},{"id":"m"}]}""";

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
            new(["Providers:x:Type=openai-responses"], "Providers:x:BaseUrl", "Type an http or https URL"),
            new(
                ["OPENAI_API_KEY=" + Secret + " x", "Providers:openai:Type=openai-responses"],
                "Providers:openai:ApiKey",
                "Copy the key again"
            ),
        ];

    protected override UpstreamUnderTest Start(UpstreamBehaviour behaviour)
    {
        const string echo = "{\"type\":\"error\",\"code\":\"x\",\"message\":\"key " + Secret + "\",\"sequence_number\":9}";
        var answer = behaviour switch
        {
            UpstreamBehaviour.Answer => Events.Stream(
                Events.Created,
                """
                {"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}
                {"type":"response.reasoning_summary_part.added","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}
                {"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"Hm. "}
                {"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"Well."}
                {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Hm. Well."}]}}
                """,
                Events.Hello,
                """{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":" world"}""",
                Events.Completed
            ),
            UpstreamBehaviour.ToolCall => Events.Stream(
                Events.Created,
                """
                {"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"fc_1","call_id":"c1","name":"weather","arguments":""}}
                {"type":"response.function_call_arguments.delta","output_index":0,"item_id":"fc_1","delta":"{\"city\":"}
                {"type":"response.function_call_arguments.delta","output_index":0,"item_id":"fc_1","delta":"\"Paris\"}"}
                {"type":"response.function_call_arguments.done","output_index":0,"item_id":"fc_1","arguments":"{\"city\":\"Paris\"}"}
                {"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","id":"fc_1","call_id":"c1","name":"weather","arguments":"{\"city\":\"Paris\"}"}}
                """,
                Events.Completed
            ),
            UpstreamBehaviour.SilentFromTheStart => RawUpstream.EventStream,
            UpstreamBehaviour.SilentAfterText => Events.Stream(Events.Created, Events.Hello),
            UpstreamBehaviour.Unauthorized => RawUpstreamUnderTest.Response(401, echo),
            UpstreamBehaviour.RateLimited => RawUpstreamUnderTest
                .Response(429, echo)
                .Replace("\r\n\r\n", "\r\nRetry-After: 7\r\n\r\n", StringComparison.Ordinal),
            UpstreamBehaviour.ErrorAfterText => Events.Stream(Events.Created, Events.Hello, echo),
            _ => RawUpstreamUnderTest.Broken($"{Events.Frames(Events.Created, Events.Hello)}: {Secret}\n\n"),
        };
        return new RawUpstreamUnderTest("openai-responses", behaviour, RawUpstreamUnderTest.Response(200, Models), answer);
    }
}
