using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.Gemini;
using Parley.Streaming.Routing;

namespace Parley.Streaming.Tests.Providers.Gemini;

/// <summary>The variables, settings and model lists of the family.</summary>
public sealed class GeminiFamilyTests
{
    [Theory]
    [InlineData("GOOGLE_GENERATIVE_AI_API_KEY=k", "GEMINI_API_KEY=other")]
    [InlineData("GEMINI_API_KEY=k")]
    [InlineData("GEMINI_API_KEY_3=k")]
    [InlineData("Providers:google:ApiKey= k ")]
    public void Environment_Key_ConfiguresGoogle(params string[] settings)
    {
        var (options, provider) = Configured(settings);

        using (provider)
        {
            Assert.Equal(("https://generativelanguage.googleapis.com/v1beta", "k"), (options.BaseUrl, options.ApiKey));
            Assert.Equal(("google", "Google"), (provider.Name, provider.DisplayName));
            Assert.Equal("gemini-3.8-flash", Assert.Single(provider.Models).Name);
        }
    }

    [Fact]
    public void Environment_BaseUrlAndModels_AreRead()
    {
        var (options, provider) = Configured("GEMINI_BASE_URL=http://127.0.0.1:9/v1beta", "GOOGLE_GENERATIVE_AI_MODEL=a, b");

        provider.Dispose();
        Assert.Equal(("http://127.0.0.1:9/v1beta", null), (options.BaseUrl, options.ApiKey));
        Assert.Equal(["a", "b"], options.Models);
    }

    [Fact]
    public void Alias_GeminiFlash_IsTheDefaultModel()
    {
        using var services = TestProviders.Services(["GEMINI_API_KEY=k"]);

        Assert.Equal("google/gemini-3.8-flash", services.Router().Resolve("gemini-flash")!.Id);
        Assert.Equal("google/gemini-3.8-flash", services.Router().Resolve("auto")!.Id);
    }

    [Fact]
    public async Task List_SeveralPages_GiveTheChatModels()
    {
        await using var upstream = new RawUpstream(connection =>
            connection.SendAsync(
                RawUpstreamUnderTest.Response(
                    200,
                    connection.Request.Contains("pageToken=a%2Bb", StringComparison.Ordinal)
                        ? """{"models":[{"name":"models/d","supportedGenerationMethods":["generateContent"]}]}"""
                        : """
                        {"nextPageToken":"a+b","models":[{"name":"models/a","displayName":"Model A"},{"name":"tunedModels/t"},
                        {"name":"models/e","supportedGenerationMethods":["embedContent"]},{"name":"models/gemini-embedding-001"},
                        {"name":"models/gemini-2.5-flash-image","supportedGenerationMethods":["generateContent"]},{"name":5},7]}
                        """
                )
            )
        );
        var (_, provider) = Configured("GEMINI_API_KEY=k", $"GEMINI_BASE_URL={upstream.BaseUrl}");

        using (provider)
        {
            var models = await provider.ListModelsAsync(TestContext.Current.CancellationToken);

            Assert.Equal(["a", "tunedModels/t", "d"], models.Select(model => model.Name));
            Assert.Equal("Model A", models[0].DisplayName);
            Assert.StartsWith("GET /v1/models?pageSize=1000 ", upstream.Requests.First(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task List_ThatNeverEnds_IsBounded()
    {
        var page = 0;
        await using var upstream = new RawUpstream(connection =>
            connection.SendAsync(
                RawUpstreamUnderTest.Response(200, $$"""{"models":[{"name":"models/m{{page}}"}],"nextPageToken":"{{page++}}"}""")
            )
        );
        var (_, provider) = Configured("GEMINI_API_KEY=k", $"GEMINI_BASE_URL={upstream.BaseUrl}");

        using (provider)
        {
            Assert.Equal(10, (await provider.ListModelsAsync(TestContext.Current.CancellationToken)).Count);
        }
    }

    [Theory]
    [InlineData(403, "x", ProviderFailure.Unauthorized)]
    [InlineData(400, "API key not valid", ProviderFailure.Unauthorized)]
    [InlineData(200, "<html>", ProviderFailure.UnexpectedContent)]
    public async Task List_Failing_IsAProviderException(int status, string body, ProviderFailure expected)
    {
        await using var upstream = new RawUpstream(RawUpstreamUnderTest.Response(status, body));
        var (_, provider) = Configured("GEMINI_API_KEY=k", $"GEMINI_BASE_URL={upstream.BaseUrl}");

        using (provider)
        {
            var exception = await Assert.ThrowsAsync<ProviderException>(() =>
                provider.ListModelsAsync(TestContext.Current.CancellationToken)
            );
            Assert.Equal(expected, exception.Failure);
        }
    }

    private static (GeminiProviderOptions Options, IModelProvider Provider) Configured(params string[] settings)
    {
        using var services = TestProviders.Services(settings);
        var configured = services.GetRequiredService<IOptions<RoutingOptions>>().Value.Providers[0];
        return (Assert.IsType<GeminiProviderSetup>(configured.Setup).Options, configured.Setup.Create());
    }
}
