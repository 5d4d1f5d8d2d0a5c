using Microsoft.Extensions.Options;
using Parley.Streaming.Providers;
using Parley.Streaming.Tests.Providers.Echo;

namespace Parley.Streaming.Tests.Providers;

/// <summary>A family is its own folder and one line of registration.</summary>
public sealed class ProviderFamilyTests
{
    [Fact]
    public async Task Family_RegisteredWithOneLine_IsConfiguredListedAndAsked()
    {
        await using var upstream = new RawUpstream(connection =>
            connection.SendAsync(
                connection.Request.StartsWith("GET", StringComparison.Ordinal)
                    ? RawUpstreamUnderTest.Response(200, "m\nlisted")
                    : RawUpstream.EventStream + "data: t:Hello\n\ndata: .\n\n"
            )
        );
        using var services = TestProviders.Services(
            [
                $"Providers:hills:BaseUrl={upstream.BaseUrl}",
                "Providers:hills:Type=Echo",
                "Providers:hills:ApiKey=k",
                "Providers:hills:Models:0=m",
            ],
            addFamilies: services => services.AddProviderFamily<EchoFamily>()
        );
        var router = services.Router();

        var models = await router.ListAsync(TestContext.Current.CancellationToken);
        var answer = await Answer.OfAsync(router.Resolve("hill")!.Client, "hello");

        Assert.Equal(["hills/m", "hills/listed", "demo/parley", "demo/scripted"], models.Select(model => model.Id));
        Assert.Equal(["Echo m", "Echo listed", "Parley demo", "Scripted (for tests)"], models.Select(model => model.DisplayName));
        Assert.Equal("hills/m", router.Resolve("auto")!.Id);
        Assert.Equal("Hello", answer.Text);
        Assert.All(upstream.Requests, request => Assert.Contains("x-api-key: k\r\n", request, StringComparison.Ordinal));
        Assert.All(upstream.Requests, request => Assert.DoesNotContain("Authorization", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Family_OwnVariable_ConfiguresItsProvider()
    {
        using var services = TestProviders.Services(["ECHO_API_KEY=k"], addFamilies: services => services.AddProviderFamily<EchoFamily>());

        var exception = (await Answer.OfAsync(services.Router().Resolve("echo/any")!.Client, "hello")).Error;

        Assert.Equal(ProviderFailure.Unreachable, exception?.Failure);
        Assert.StartsWith("The echo could not be reached", exception!.UserMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Family_OwnErrors_StopTheHostWithTheOthers()
    {
        using var services = TestProviders.Services(
            ["Providers:a:Type=echo", "Providers:a:Repeat=9", "Providers:b:Type=magic", "Providers:Demo:TokensPerSecond=-1"],
            addFamilies: services => services.AddProviderFamily<EchoFamily>()
        );

        var exception = Assert.Throws<OptionsValidationException>(services.Router);

        Assert.Equal(
            [
                "Providers:b:Type is 'magic'. Type one of: openai, anthropic, gemini, openai-responses, demo, echo.",
                "Providers:a:Repeat is 9. Type a number from 1 to 3.",
                "Providers:demo:TokensPerSecond is -1. Type a number of words per second from 0 (no pauses) to 1000000.",
            ],
            exception.Failures
        );
    }

    [Fact]
    public void Family_WithTheTypeOfAnother_IsRefused()
    {
        using var services = TestProviders.Services([], addFamilies: services =>
            services.AddProviderFamily<EchoFamily>().AddProviderFamily<SecondEchoFamily>()
        );

        Assert.Contains("'echo'", Assert.Throws<InvalidOperationException>(services.Router).Message, StringComparison.OrdinalIgnoreCase);
    }

    private sealed class SecondEchoFamily : IProviderFamily
    {
        public string Type => "ECHO";

        public IProviderSetup? Configure(ProviderSource source) => null;
    }
}
