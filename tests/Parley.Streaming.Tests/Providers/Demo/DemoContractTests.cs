using Parley.Streaming.Providers;

namespace Parley.Streaming.Tests.Providers.Demo;

/// <summary>The built-in models keep the contract; the question takes the place of the upstream.</summary>
public sealed class DemoContractTests : ModelProviderContract
{
    protected override bool HasModelList => false;

    protected override IReadOnlyList<ExpectedTimeout> Timeouts =>
        [new(UpstreamBehaviour.SilentAfterText, TimeSpan.FromSeconds(30), ProviderFailure.Stalled)];

    protected override IReadOnlyList<ExpectedFailure> Failures =>
        [
            new(UpstreamBehaviour.RateLimited, ProviderFailure.RateLimited, "The demo model is limiting requests"),
            new(UpstreamBehaviour.ErrorAfterText, ProviderFailure.ReportedError, "The demo model reported an error"),
        ];

    protected override IReadOnlyList<InvalidSettings> Invalid =>
        [new(["Providers:Demo:TokensPerSecond=-1"], "Providers:demo:TokensPerSecond", "Type a number of words per second from 0")];

    protected override UpstreamUnderTest Start(UpstreamBehaviour behaviour) =>
        new DemoUnderTest(
            behaviour switch
            {
                UpstreamBehaviour.Answer => "#script tokens=5 reasoning=2 delay=0",
                UpstreamBehaviour.ToolCall => "#script tool=2 delay=0",
                UpstreamBehaviour.SilentAfterText => "#script tokens=5 delay=0 stall-after=1",
                UpstreamBehaviour.RateLimited => $"#ratelimit {Secret}",
                UpstreamBehaviour.ErrorAfterText => $"{Secret} #script tokens=5 delay=0 error-after=3",
                _ => throw new ArgumentOutOfRangeException(nameof(behaviour), behaviour, "The demo has no upstream that could do this."),
            }
        );

    private sealed class DemoUnderTest(string question) : UpstreamUnderTest
    {
        public override IReadOnlyList<string> Settings => [];

        public override string Provider => "demo";

        public override string Model => "scripted";

        public override string Question => question;

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
