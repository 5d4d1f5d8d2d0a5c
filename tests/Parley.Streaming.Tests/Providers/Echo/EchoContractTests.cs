using Microsoft.Extensions.DependencyInjection;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Tests.Providers.Echo;

/// <summary>A family that is registered with one line keeps the contract.</summary>
public sealed class EchoContractTests : ModelProviderContract
{
    protected override IReadOnlyList<ExpectedTimeout> Timeouts =>
        [
            new(UpstreamBehaviour.SilentFromTheStart, TimeSpan.FromSeconds(30), ProviderFailure.FirstTokenTimedOut),
            new(UpstreamBehaviour.SilentAfterText, TimeSpan.FromSeconds(30), ProviderFailure.Stalled),
        ];

    protected override IReadOnlyList<ExpectedFailure> Failures =>
        [
            new(UpstreamBehaviour.Unauthorized, ProviderFailure.Unauthorized, "The echo does not know you. Set ECHO_API_KEY"),
            new(UpstreamBehaviour.RateLimited, ProviderFailure.RateLimited, "The echo is limiting requests"),
            new(UpstreamBehaviour.ErrorAfterText, ProviderFailure.ReportedError, "The echo reported an error"),
            new(UpstreamBehaviour.BrokenAfterText, ProviderFailure.Reset, "The connection to The echo broke"),
        ];

    protected override IReadOnlyList<InvalidSettings> Invalid =>
        [
            new(["ECHO_API_KEY=k", "Providers:echo:Repeat=9"], "Providers:echo:Repeat", "Type a number from 1 to 3"),
            new(["Providers:x:Type=echo", "Providers:x:BaseUrl=nowhere"], "Providers:x:BaseUrl", "Type an http or https URL"),
        ];

    protected override void AddFamily(IServiceCollection services) => services.AddProviderFamily<EchoFamily>();

    protected override UpstreamUnderTest Start(UpstreamBehaviour behaviour)
    {
        var answer = behaviour switch
        {
            UpstreamBehaviour.Answer => Stream("r:Hm. ", "r:Well.", "t:Hello", "t: world", "u", "."),
            UpstreamBehaviour.ToolCall => Stream("""c:{"city":""", """c:"Paris"}""", "u", "."),
            UpstreamBehaviour.SilentFromTheStart => RawUpstream.EventStream,
            UpstreamBehaviour.SilentAfterText => Stream("t:Hello"),
            UpstreamBehaviour.Unauthorized => RawUpstreamUnderTest.Response(401, Secret),
            UpstreamBehaviour.RateLimited => RawUpstreamUnderTest.Response(429, Secret),
            UpstreamBehaviour.ErrorAfterText => Stream("t:Hello", "e:" + Secret),
            _ => RawUpstreamUnderTest.Broken($"data: t:Hello\n\n: {Secret}\n\n"),
        };
        return new RawUpstreamUnderTest("echo", behaviour, RawUpstreamUnderTest.Response(200, "m\nn"), answer);
    }

    private static string Stream(params string[] frames) =>
        RawUpstream.EventStream + string.Concat(frames.Select(frame => $"data: {frame}\n\n"));
}
