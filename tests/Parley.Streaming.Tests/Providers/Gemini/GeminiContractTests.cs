using Parley.Streaming.Providers;

namespace Parley.Streaming.Tests.Providers.Gemini;

/// <summary>The Gemini family keeps the contract.</summary>
public sealed class GeminiContractTests : ModelProviderContract
{
    private const string Models = """
        {"models":[{"name":"models/m","displayName":"Model M","supportedGenerationMethods":["generateContent"]},{"name":"models/n"},{"name":"models/m"}]}
        """;

    protected override bool StreamsArguments => false;

    protected override IReadOnlyList<ExpectedTimeout> Timeouts =>
        [
            new(UpstreamBehaviour.SilentFromTheStart, TimeSpan.FromSeconds(30), ProviderFailure.FirstTokenTimedOut),
            new(UpstreamBehaviour.SilentAfterText, TimeSpan.FromSeconds(30), ProviderFailure.Stalled),
        ];

    protected override IReadOnlyList<ExpectedFailure> Failures =>
        [
            new(UpstreamBehaviour.Unauthorized, ProviderFailure.Unauthorized, "Up did not accept the API key"),
            new(UpstreamBehaviour.RateLimited, ProviderFailure.RateLimited, "Up is limiting requests. Try again in 17 s"),
            new(UpstreamBehaviour.ErrorAfterText, ProviderFailure.Unavailable, "Up is not available at the moment"),
            new(UpstreamBehaviour.BrokenAfterText, ProviderFailure.Reset, "The connection to Up broke"),
        ];

    protected override IReadOnlyList<InvalidSettings> Invalid =>
        [
            new(["Providers:x:Type=gemini"], "Providers:x:BaseUrl", "Type an http or https URL"),
            new(["GEMINI_API_KEY=" + Secret + " x"], "Providers:google:ApiKey", "Copy the key again"),
            new(["GEMINI_API_KEY=k", "Providers:google:IdleTimeout=-5"], "Providers:google:IdleTimeout", "up to one day"),
        ];

    protected override UpstreamUnderTest Start(UpstreamBehaviour behaviour)
    {
        var answer = behaviour switch
        {
            UpstreamBehaviour.Answer => Chunks.Stream(
                Chunks.Parts("""{"text":"Hm. ","thought":true}"""),
                Chunks.Parts("""{"text":"Well.","thought":true}"""),
                Chunks.Hello,
                Chunks.Parts("""{"text":" world"}"""),
                Chunks.End("STOP")
            ),
            UpstreamBehaviour.ToolCall => Chunks.Stream(
                Chunks.Parts("""{"functionCall":{"name":"weather","args":{"city":"Paris"}}}"""),
                Chunks.End("STOP")
            ),
            UpstreamBehaviour.SilentFromTheStart => RawUpstream.EventStream,
            UpstreamBehaviour.SilentAfterText => Chunks.Stream(Chunks.Hello),
            UpstreamBehaviour.Unauthorized => RawUpstreamUnderTest.Response(400, Error(400, "API key not valid: " + Secret)),
            UpstreamBehaviour.RateLimited => RawUpstreamUnderTest.Response(429, Error(429, "key " + Secret)),
            UpstreamBehaviour.ErrorAfterText => Chunks.Stream(Chunks.Hello, Error(503, "key " + Secret)),
            _ => RawUpstreamUnderTest.Broken($"{Chunks.Frames(Chunks.Hello)}: {Secret}\n\n"),
        };
        return new RawUpstreamUnderTest("gemini", behaviour, RawUpstreamUnderTest.Response(200, Models), answer);
    }

    private static string Error(int code, string message) =>
        "{\"error\":{\"code\":"
        + code
        + ",\"message\":\""
        + message
        + "\",\"status\":\"X\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"17s\"}]}}";
}
