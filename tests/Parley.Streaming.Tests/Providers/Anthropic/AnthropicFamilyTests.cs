using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.Anthropic;
using Parley.Streaming.Routing;

namespace Parley.Streaming.Tests.Providers.Anthropic;

/// <summary>The variables, settings and model lists of the family.</summary>
public sealed class AnthropicFamilyTests
{
    [Theory]
    [InlineData("ANTHROPIC_API_KEY")]
    [InlineData("ANTHROPIC_API_KEY_20")]
    [InlineData("Providers:anthropic:ApiKey")]
    public void Environment_Key_ConfiguresAnthropic(string setting)
    {
        var (options, provider) = Configured($"{setting}= k ");

        using (provider)
        {
            Assert.Equal(("https://api.anthropic.com/v1", "k"), (options.BaseUrl, options.ApiKey));
            Assert.Equal(("anthropic", "Anthropic"), (provider.Name, provider.DisplayName));
            Assert.Equal("claude-opus-5-5", Assert.Single(provider.Models).Name);
        }
    }

    [Theory]
    [InlineData("http://127.0.0.1:9", "http://127.0.0.1:9/v1")]
    [InlineData("http://127.0.0.1:9/", "http://127.0.0.1:9/v1")]
    [InlineData("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1")]
    [InlineData("https://api.deepseek.com/anthropic", "https://api.deepseek.com/anthropic/v1")]
    public void Environment_BaseUrl_MayLeaveOutTheVersion(string url, string expected)
    {
        var (options, provider) = Configured($"ANTHROPIC_BASE_URL={url}", "ANTHROPIC_MODEL=a, b");

        provider.Dispose();
        Assert.Equal(expected, options.BaseUrl);
        Assert.Equal(["a", "b"], options.Models);
    }

    [Fact]
    public void Section_OverridesTheEnvironment()
    {
        var (options, provider) = Configured(
            "ANTHROPIC_API_KEY=k",
            "ANTHROPIC_MODEL=a",
            "Providers:anthropic:Models:0=b",
            "Providers:anthropic:Headers:Anthropic-Version=2026-10-21"
        );

        provider.Dispose();
        Assert.Equal(["b"], options.Models);
        Assert.Equal("2026-10-21", Assert.Single(options.Headers).Value);
    }

    [Theory]
    [InlineData("claude-opus-4-5", "true", true)]
    [InlineData("claude-opus-4-5", "false", false)]
    [InlineData("claude-opus-5-5", "true", false)]
    [InlineData("claude-sonnet-4-6", "true", false)]
    [InlineData("qwen3", "true", true)]
    public void AcceptsPrefix_IsConfiguredAndOfTheModel(string model, string configured, bool expected)
    {
        var (_, provider) = Configured("ANTHROPIC_API_KEY=k", $"Providers:anthropic:AcceptsPrefix={configured}");

        using (provider)
        {
            Assert.Equal(expected, provider.Find(model)!.Capabilities.AcceptsPrefix);
        }
    }

    [Fact]
    public async Task List_SeveralPages_AreRead()
    {
        await using var upstream = new RawUpstream(connection =>
            connection.SendAsync(
                RawUpstreamUnderTest.Response(
                    200,
                    connection.Request.Contains("after_id=b%2Fc", StringComparison.Ordinal)
                        ? """{"data":[{"id":"d"}],"has_more":false,"last_id":"d"}"""
                        : """{"data":[{"id":"a","display_name":"Model A"},{"id":"b/c"},{"id":5},7,{"id":"x y"}],"has_more":true,"last_id":"b/c"}"""
                )
            )
        );
        var (_, provider) = Configured("ANTHROPIC_API_KEY=k", $"ANTHROPIC_BASE_URL={upstream.BaseUrl}");

        using (provider)
        {
            var models = await provider.ListModelsAsync(TestContext.Current.CancellationToken);

            Assert.Equal(["a", "b/c", "d"], models.Select(model => model.Name));
            Assert.Equal("Model A", models[0].DisplayName);
            Assert.StartsWith("GET /v1/models?limit=1000 ", upstream.Requests.First(), StringComparison.Ordinal);
            Assert.All(upstream.Requests, request => Assert.Contains("x-api-key: k\r\n", request, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task List_ThatNeverEnds_IsBounded()
    {
        var page = 0;
        await using var upstream = new RawUpstream(connection =>
        {
            var id = $"m{page++}";
            return connection.SendAsync(
                RawUpstreamUnderTest.Response(200, $$"""{"data":[{"id":"{{id}}"}],"has_more":true,"last_id":"{{id}}"}""")
            );
        });
        var (_, provider) = Configured("ANTHROPIC_API_KEY=k", $"ANTHROPIC_BASE_URL={upstream.BaseUrl}");

        using (provider)
        {
            Assert.Equal(10, (await provider.ListModelsAsync(TestContext.Current.CancellationToken)).Count);
        }
    }

    [Theory]
    [InlineData(401, "x", ProviderFailure.Unauthorized)]
    [InlineData(200, "<html>", ProviderFailure.UnexpectedContent)]
    [InlineData(200, """{"data":[{"id":"\ud800"}]}""", ProviderFailure.UnexpectedContent)]
    public async Task List_Failing_IsAProviderException(int status, string body, ProviderFailure expected)
    {
        await using var upstream = new RawUpstream(RawUpstreamUnderTest.Response(status, body));
        var (_, provider) = Configured("ANTHROPIC_API_KEY=k", $"ANTHROPIC_BASE_URL={upstream.BaseUrl}");

        using (provider)
        {
            var exception = await Assert.ThrowsAsync<ProviderException>(() =>
                provider.ListModelsAsync(TestContext.Current.CancellationToken)
            );
            Assert.Equal(expected, exception.Failure);
        }
    }

    private static (AnthropicProviderOptions Options, IModelProvider Provider) Configured(params string[] settings)
    {
        using var services = TestProviders.Services(settings);
        var configured = services.GetRequiredService<IOptions<RoutingOptions>>().Value.Providers[0];
        return (Assert.IsType<AnthropicProviderSetup>(configured.Setup).Options, configured.Setup.Create());
    }
}
