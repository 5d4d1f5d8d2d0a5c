using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.OpenAI;
using Parley.Streaming.Routing;

namespace Parley.Streaming.Tests.Providers.OpenAI;

/// <summary>The presets and settings of OpenAI-compatible providers.</summary>
public sealed class OpenAIFamilyTests
{
    [Theory]
    [InlineData("OPENAI_API_KEY", "openai", "https://api.openai.com/v1", "OpenAI")]
    [InlineData("GROQ_API_KEY", "groq", "https://api.groq.com/openai/v1", "Groq")]
    [InlineData("XAI_API_KEY_2", "xai", "https://api.x.ai/v1", "xAI")]
    [InlineData("MISTRAL_API_KEY", "mistral", "https://api.mistral.ai/v1", "Mistral")]
    [InlineData("NVIDIA_API_KEY", "nvidia", "https://integrate.api.nvidia.com/v1", "NVIDIA")]
    [InlineData("OPENROUTER_API_KEY", "openrouter", "https://openrouter.ai/api/v1", "OpenRouter")]
    [InlineData("DEEPSEEK_API_KEY_7", "deepseek", "https://api.deepseek.com/beta", "DeepSeek")]
    [InlineData("TOGETHER_API_KEY", "together", "https://api.together.xyz/v1", "Together AI")]
    public void Environment_Key_ConfiguresThePreset(string variable, string provider, string baseUrl, string displayName)
    {
        var (name, options, created) = Configured($"{variable}=k");

        using (created)
        {
            Assert.Equal((provider, baseUrl, "k"), (name, options.BaseUrl, options.ApiKey));
            Assert.NotEmpty(created.Models);
            Assert.Equal(displayName, created.DisplayName);
        }
    }

    [Fact]
    public void Environment_BaseUrlWithoutKey_IsALocalServer()
    {
        var (_, options, created) = Configured("OPENAI_BASE_URL=http://127.0.0.1:8080/v1", "OPENAI_API_KEY=");

        created.Dispose();
        Assert.Equal("http://127.0.0.1:8080/v1", options.BaseUrl);
        Assert.Null(options.ApiKey);
        Assert.Empty(options.Models);
    }

    [Theory]
    [InlineData("127.0.0.1", "http://127.0.0.1:11434/v1")]
    [InlineData("gpu-box:11500", "http://gpu-box:11500/v1")]
    [InlineData("0.0.0.0", "http://127.0.0.1:11434/v1")]
    [InlineData("0.0.0.0:11434", "http://127.0.0.1:11434/v1")]
    [InlineData(":11500", "http://127.0.0.1:11500/v1")]
    [InlineData("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1")]
    [InlineData("http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1")]
    [InlineData("https://ollama.example", "https://ollama.example:443/v1")]
    [InlineData("http://box:1/v1", "http://box:1/v1")]
    public void Environment_OllamaHost_TakesEveryForm(string host, string expected)
    {
        var (_, options, created) = Configured($"OLLAMA_HOST={host}", "OLLAMA_MODEL=a, b");

        created.Dispose();
        Assert.Equal(expected, options.BaseUrl);
        Assert.Equal(TimeSpan.FromMinutes(2), options.FirstTokenTimeout);
        Assert.Equal(["a", "b"], options.Models);
    }

    [Theory]
    [InlineData("LLAMACPP_BASE_URL", "llamacpp", "llama.cpp", PrefixStyle.Plain)]
    [InlineData("VLLM_BASE_URL", "vllm", "vLLM", PrefixStyle.ContinueFinalMessage)]
    [InlineData("Providers:vllm:BaseUrl", "vllm", "vLLM", PrefixStyle.ContinueFinalMessage)]
    public void Environment_BaseUrlOfAServerThatContinues_AcceptsAPrefix(
        string setting,
        string provider,
        string displayName,
        PrefixStyle style
    )
    {
        var (name, options, created) = Configured($"{setting}=http://gpu-box:8000/v1");

        using (created)
        {
            Assert.Equal((provider, displayName), (name, created.DisplayName));
            Assert.Equal((true, style), (options.AcceptsPrefix, options.PrefixStyle));
            Assert.True(created.Find("any")!.Capabilities.AcceptsPrefix);
            Assert.Empty(options.Models);
        }
    }

    [Theory]
    [InlineData(true, "DEEPSEEK_API_KEY=k")]
    [InlineData(false, "DEEPSEEK_API_KEY=k", "DEEPSEEK_BASE_URL=https://api.deepseek.com/v1")]
    [InlineData(true, "DEEPSEEK_BASE_URL=https://api.deepseek.com/v1", "Providers:deepseek:AcceptsPrefix=true")]
    [InlineData(false, "DEEPSEEK_API_KEY=k", "Providers:deepseek:AcceptsPrefix=false")]
    public void Environment_DeepSeek_AcceptsAPrefixAtItsBetaAddress(bool expected, params string[] settings)
    {
        var (_, options, created) = Configured(settings);

        created.Dispose();
        Assert.Equal((expected, PrefixStyle.Flag), (options.AcceptsPrefix, options.PrefixStyle));
    }

    [Fact]
    public void Environment_KeyOfALocalServerAlone_ConfiguresNothing()
    {
        using var services = TestProviders.Services([
            "OLLAMA_API_KEY=k",
            "OLLAMA_BASE_URL=http://a/v1",
            "LLAMACPP_API_KEY=k",
            "VLLM_API_KEY_1=k",
        ]);

        Assert.Equal(["demo"], services.GetRequiredService<IOptions<RoutingOptions>>().Value.Providers.Select(provider => provider.Name));
    }

    [Fact]
    public void Section_OfAPreset_OverridesTheEnvironment()
    {
        var (_, options, created) = Configured(
            "OPENAI_API_KEY=k",
            "Providers:OpenAI:Models:0=gpt-b",
            "Providers:OpenAI:IdleTimeout=00:01:00",
            "Providers:OpenAI:PrefixStyle=Flag",
            "Providers:OpenAI:Headers:OpenAI-Project=p"
        );

        created.Dispose();
        Assert.Equal("k", options.ApiKey);
        Assert.Equal(["gpt-b"], options.Models);
        Assert.Equal(TimeSpan.FromMinutes(1), options.IdleTimeout);
        Assert.Equal(PrefixStyle.Flag, options.PrefixStyle);
        Assert.Equal("p", options.Headers["OpenAI-Project"]);
    }

    [Fact]
    public void Section_OfAPresetWithoutEnvironment_HasTheAddressAndTheModel()
    {
        var (_, options, created) = Configured("Providers:groq:ApiKey= k ");

        created.Dispose();
        Assert.Equal(("https://api.groq.com/openai/v1", "k"), (options.BaseUrl, options.ApiKey));
        Assert.Equal(["openai/gpt-oss-120b"], options.Models);
    }

    [Theory]
    [InlineData("OPENAI_API_KEY=k", true)]
    [InlineData("Providers:x:BaseUrl=https://api.openai.com/v1", true)]
    [InlineData("OPENAI_BASE_URL=http://127.0.0.1:8080/v1", false)]
    [InlineData("GROQ_API_KEY=k", false)]
    public void MaxCompletionTokens_NotConfigured_IsOpenAIsOnly(string setting, bool expected)
    {
        var (_, options, created) = Configured(setting);

        created.Dispose();
        Assert.Equal(expected, OpenAIPreset.RequiresMaxCompletionTokens(new Uri(options.BaseUrl!)));
    }

    [Fact]
    public void Presets_Aliases_AreThereWithTheirProvider()
    {
        using var services = TestProviders.Services(["GROQ_API_KEY=k", "Models:Aliases:groq-llama-8b=groq/other"]);
        var router = services.Router();

        Assert.Equal(["groq-llama-70b", "groq-llama-8b"], router.Aliases);
        Assert.Equal("groq/openai/gpt-oss-120b", router.Resolve("groq-llama-70b")!.Id);
        Assert.Equal("groq/other", router.Resolve("groq-llama-8b")!.Id);
        Assert.Null(router.Resolve("gemini-flash"));
    }

    [Theory]
    [InlineData("""{"data":[{"id":"a"},{"id":"models/b"},{"id":"org/c"}]}""", "a b org/c")]
    [InlineData("""{"models":[{"id":"a"}]}""", "a")]
    [InlineData("""[{"id":"a"},{"id":"a"},{"id":5},"x",{"id":"a b"}]""", "a")]
    [InlineData("""{"data":[{"id":"text-embedding-3"},{"id":"whisper-1"},{"id":"chat"}]}""", "chat")]
    [InlineData("""[{"id":"a","type":"chat"},{"id":"b","type":"image"},{"id":"c","type":5}]""", "a c")]
    [InlineData("""{"data":5}""", "")]
    [InlineData("5", "")]
    public async Task List_EveryForm_GivesTheChatModels(string body, string expected)
    {
        await using var upstream = new RawUpstream(RawUpstreamUnderTest.Response(200, body));
        var (_, _, provider) = Configured($"Providers:x:BaseUrl={upstream.BaseUrl}");

        using (provider)
        {
            var models = await provider.ListModelsAsync(TestContext.Current.CancellationToken);
            Assert.Equal(expected, string.Join(' ', models.Select(model => model.Name)));
        }
    }

    [Theory]
    [InlineData(500, "x", ProviderFailure.Unavailable)]
    [InlineData(401, "x", ProviderFailure.Unauthorized)]
    [InlineData(307, "x", ProviderFailure.UnexpectedContent)]
    [InlineData(200, "<html>", ProviderFailure.UnexpectedContent)]
    [InlineData(200, """{"data":[{"id":"\ud800"}]}""", ProviderFailure.UnexpectedContent)]
    public async Task List_Failing_IsAProviderException(int status, string body, ProviderFailure expected)
    {
        await using var upstream = new RawUpstream(RawUpstreamUnderTest.Response(status, body));
        var (_, _, provider) = Configured($"Providers:x:BaseUrl={upstream.BaseUrl}");

        using (provider)
        {
            var exception = await Assert.ThrowsAsync<ProviderException>(() =>
                provider.ListModelsAsync(TestContext.Current.CancellationToken)
            );
            Assert.Equal(expected, exception.Failure);
        }
    }

    [Fact]
    public async Task List_TurnedOff_MakesNoRequest()
    {
        await using var upstream = new RawUpstream(RawUpstreamUnderTest.Response(200, """{"data":[{"id":"a"}]}"""));
        var (_, _, provider) = Configured($"Providers:x:BaseUrl={upstream.BaseUrl}", "Providers:x:ListModels=false");

        using (provider)
        {
            Assert.Empty(await provider.ListModelsAsync(TestContext.Current.CancellationToken));
            Assert.Empty(upstream.Requests);
        }
    }

    private static (string Name, OpenAIProviderOptions Options, IModelProvider Provider) Configured(params string[] settings)
    {
        using var services = TestProviders.Services(settings);
        var configured = services.GetRequiredService<IOptions<RoutingOptions>>().Value.Providers[0];
        return (configured.Name, Assert.IsType<OpenAIProviderSetup>(configured.Setup).Options, configured.Setup.Create());
    }
}
