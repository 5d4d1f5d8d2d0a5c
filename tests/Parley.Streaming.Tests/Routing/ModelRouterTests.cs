using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.Demo;
using Parley.Streaming.Routing;
using Parley.Streaming.Tests.Providers;
using Parley.Testing;

namespace Parley.Streaming.Tests.Routing;

public sealed class ModelRouterTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private ServiceProvider? _services;

    private static readonly string[] Two =
    [
        "OPENAI_API_KEY=k1",
        "GROQ_API_KEY_1=k2",
        "OPENAI_MODEL=gpt-a, shared",
        "Providers:Local:BaseUrl=http://127.0.0.1:1/v1",
        "Providers:Local:Models:0=org/model",
        "Providers:Local:Models:1=shared",
        "Providers:Local:AcceptsPrefix=true",
        "Models:Aliases:fast=local/org/model",
        "Models:Aliases:same=shared",
        "Models:Aliases:loop=loop",
        "Models:Aliases:best=auto",
    ];

    public void Dispose() => _services?.Dispose();

    [Theory]
    [InlineData(null, "openai/gpt-a")]
    [InlineData("", "openai/gpt-a")]
    [InlineData("auto", "openai/gpt-a")]
    [InlineData(" Auto ", "openai/gpt-a")]
    [InlineData("openai/gpt-a", "openai/gpt-a")]
    [InlineData("OpenAI/gpt-a", "openai/gpt-a")]
    [InlineData("openai/anything/at:all", "openai/anything/at:all")]
    [InlineData("local/org/model", "local/org/model")]
    [InlineData("org/model", "local/org/model")]
    [InlineData("gpt-a", "openai/gpt-a")]
    [InlineData("fast", "local/org/model")]
    [InlineData("FAST", "local/org/model")]
    [InlineData("best", "openai/gpt-a")]
    [InlineData("scripted", "demo/scripted")]
    [InlineData("demo/scripted", "demo/scripted")]
    [InlineData("demo/parley", "demo/parley")]
    [InlineData("Demo/PARLEY", "demo/parley")]
    [InlineData("SCRIPTED", "demo/scripted")]
    [InlineData("parley", null)]
    [InlineData("groq/llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile")]
    [InlineData("shared", null)]
    [InlineData("same", null)]
    [InlineData("loop", null)]
    [InlineData("unknown", null)]
    [InlineData("nobody/model", null)]
    [InlineData("demo/other", null)]
    [InlineData("openai/", null)]
    [InlineData("/gpt-a", null)]
    [InlineData("openai/a b", null)]
    [InlineData("openai/a\nb", null)]
    public void Resolve_EveryForm_FindsItsRoute(string? requested, string? expected)
    {
        var router = Router(Two);

        var route = router.Resolve(requested);

        Assert.Equal(expected, route?.Id);
        if (route is not null)
        {
            Assert.Equal(route.Id, $"{route.Provider}/{route.Model}");
        }
    }

    [Fact]
    public void Resolve_OverlongName_IsNoModel()
    {
        var router = Router(Two);

        Assert.Null(router.Resolve("openai/" + new string('x', 300)));
    }

    [Fact]
    public void Resolve_NothingConfigured_IsTheDemo()
    {
        var router = Router();

        Assert.Equal("demo/parley", router.Resolve("auto")!.Id);
        Assert.True(router.Resolve(null)!.Capabilities is { AcceptsPrefix: true, IsDemo: true });
    }

    [Fact]
    public void Resolve_DemoOff_IsNothing()
    {
        var router = Router("Providers:Demo:Enabled=false");

        Assert.Null(router.Resolve("auto"));
        Assert.Null(router.Resolve("demo/parley"));
    }

    [Theory]
    [InlineData("Models:Default=groq/llama-x", "groq/llama-x")]
    [InlineData("Models:Default=fast", "local/org/model")]
    [InlineData("Models:Default=auto", "openai/gpt-a")]
    [InlineData("Models:Default=not-there", "openai/gpt-a")]
    public void Resolve_ConfiguredDefault_IsWhatAutoMeans(string setting, string expected)
    {
        var router = Router([.. Two, setting]);

        Assert.Equal(expected, router.Resolve("auto")!.Id);
    }

    [Fact]
    public void Resolve_Capabilities_AreTheProviders()
    {
        var router = Router(Two);

        Assert.True(router.Resolve("fast")!.Capabilities.AcceptsPrefix);
        Assert.False(router.Resolve("openai/x")!.Capabilities.AcceptsPrefix);
        Assert.True(router.Resolve("scripted")!.Capabilities.AcceptsPrefix);
    }

    [Theory]
    [InlineData("Providers:x:Models:0=m", "Providers:x:BaseUrl is ''. Type an http or https URL")]
    [InlineData("Providers:x:BaseUrl=ftp://a", "Type an http or https URL")]
    [InlineData("Providers:x:BaseUrl=http://user:secret@a/v1", "Put the key into Providers:x:ApiKey")]
    [InlineData("Providers:x:Type=magic", "Providers:x:Type is 'magic'. Type one of: openai, anthropic, gemini, openai-responses, demo.")]
    [InlineData("Providers:x:IdleTimeout=30", "for example 00:00:30")]
    [InlineData("Providers:x:FirstTokenTimeout=-00:00:01", "for example 00:00:30")]
    [InlineData("Providers:x:MaxFrameBytes=1", "Type a number of bytes")]
    [InlineData("Providers:x:ApiKey=secret key", "Copy the key again")]
    [InlineData("Providers:x:Models:0=a b", "no spaces")]
    [InlineData("Providers:x:Headers:a=b\nc", "printable ASCII")]
    [InlineData("Models:Default=nobody/x", "Type provider/model with one of: demo")]
    [InlineData("Models:Aliases:a=nobody/x", "Type one of: demo")]
    [InlineData("Models:Aliases:a=groq/x", "is 'groq/x', but groq is not configured. Set GROQ_API_KEY.")]
    [InlineData("Models:Default=anthropic/x", "is 'anthropic/x', but anthropic is not configured. Set ANTHROPIC_API_KEY.")]
    public void Configuration_Wrong_SaysWhatToType(string setting, string expected)
    {
        using var services = TestProviders.Services([setting], _time);

        var exception = Assert.Throws<OptionsValidationException>(services.Router);

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_Providers_AreAskedOnceAndTheirModelsResolve()
    {
        await using var upstream = new RawUpstream(ModelList("b", "org/c", "models/d", "text-embedding-3", "bad name", "a"));
        var router = Router($"Providers:Local:BaseUrl={upstream.BaseUrl}", "Providers:Local:ApiKey=k", "Providers:Local:Models:0=a");

        var models = await router.ListAsync(TestContext.Current.CancellationToken);
        await router.ListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["local/a", "local/b", "local/org/c", "local/d", "demo/parley", "demo/scripted"], models.Select(model => model.Id));
        Assert.True(models[0].IsConfigured);
        Assert.False(models[1].IsConfigured);
        Assert.Contains("Authorization: Bearer k", Assert.Single(upstream.Requests), StringComparison.Ordinal);
        Assert.Equal("local/org/c", router.Resolve("org/c")!.Id);
    }

    [Fact]
    public async Task List_NoModelConfigured_AutoIsTheFirstListed()
    {
        await using var upstream = new RawUpstream(ModelList("qwen"));
        var router = Router($"OPENAI_BASE_URL={upstream.BaseUrl}");

        Assert.Equal("demo/parley", router.Resolve("auto")!.Id);
        await router.ListAsync(TestContext.Current.CancellationToken);

        Assert.Equal("openai/qwen", router.Resolve("auto")!.Id);
    }

    [Fact]
    public async Task List_AfterTenMinutes_IsFetchedAgainInTheBackground()
    {
        await using var upstream = new RawUpstream(ModelList("a"));
        var router = Router($"OPENAI_BASE_URL={upstream.BaseUrl}");

        await router.ListAsync(TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMinutes(9));
        await router.ListAsync(TestContext.Current.CancellationToken);
        Assert.Single(upstream.Requests);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains(await router.ListAsync(TestContext.Current.CancellationToken), model => model.Id == "openai/a");
        while (upstream.Requests.Count < 2)
        {
            await Task.Yield();
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"data\":5}")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n5")]
    [InlineData("")]
    public async Task List_ProviderFails_GivesTheConfiguredOnes(string response)
    {
        await using var upstream = new RawUpstream(response);
        var router = Router($"OPENAI_BASE_URL={upstream.BaseUrl}", "OPENAI_MODEL=a", "Providers:Demo:Scripted=false");

        Assert.Equal(
            ["openai/a", "demo/parley"],
            (await router.ListAsync(TestContext.Current.CancellationToken)).Select(model => model.Id)
        );
        Assert.Equal("demo/scripted", router.Resolve("scripted")!.Id);
    }

    [Fact]
    public async Task List_FamilyThrows_GivesTheOthersAndWarns()
    {
        var log = new ListLog();
        using var services = TestProviders.Services(
            ["Providers:broken:Type=broken"],
            _time,
            families => families.AddProviderFamily<BrokenFamily>(),
            log
        );

        var models = await services.Router().ListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["demo/parley", "demo/scripted"], models.Select(model => model.Id));
        Assert.Equal("Listing the models of provider broken threw NotSupportedException", Assert.Single(log.Lines));
    }

    [Fact]
    public async Task List_ProviderSilent_EndsAfterThreeSeconds()
    {
        await using var upstream = new RawUpstream(connection => connection.ForeverAsync());
        var router = Router($"OPENAI_BASE_URL={upstream.BaseUrl}", "OPENAI_MODEL=a");

        var listing = router.ListAsync(TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(listing.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(3, (await listing).Count);
    }

    [Fact]
    public async Task List_ThousandsOfModels_AreBounded()
    {
        await using var upstream = new RawUpstream(ModelList([.. Enumerable.Range(0, 3000).Select(i => $"m{i}")]));
        var router = Router($"OPENAI_BASE_URL={upstream.BaseUrl}");

        Assert.Equal(1002, (await router.ListAsync(TestContext.Current.CancellationToken)).Count);
    }

    [Fact]
    public async Task Route_Client_AsksThatModelThere()
    {
        await using var upstream = new RawUpstream(
            RawUpstream.EventStream + "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\n"
        );
        var router = Router($"Providers:Local:BaseUrl={upstream.BaseUrl}", "Providers:Local:IncludeUsage=false");

        var answer = await Answer.OfAsync(router.Resolve("local/org/model")!.Client, "hello");

        Assert.Equal("hi", answer.Text);
        var request = Assert.Single(upstream.Requests);
        Assert.Contains("\"model\":\"org/model\"", request, StringComparison.Ordinal);
        Assert.DoesNotContain("stream_options", request, StringComparison.Ordinal);
        Assert.DoesNotContain("Authorization", request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anthropic/claude-opus-5-5", "anthropic", "Set ANTHROPIC_API_KEY.")]
    [InlineData(" Google/gemini-3.8-flash ", "google", "Set GOOGLE_GENERATIVE_AI_API_KEY or GEMINI_API_KEY.")]
    [InlineData("gemini-flash", "google", "Set GOOGLE_GENERATIVE_AI_API_KEY or GEMINI_API_KEY.")]
    [InlineData("Groq-Llama-70b", "groq", "Set GROQ_API_KEY.")]
    [InlineData("ollama/llama3.2", "ollama", "Set OLLAMA_HOST.")]
    [InlineData("vllm/Qwen/Qwen3-32B", "vllm", "Set VLLM_BASE_URL.")]
    [InlineData("flash", "google", "Set GOOGLE_GENERATIVE_AI_API_KEY or GEMINI_API_KEY.")]
    public void Unconfigured_ModelOfAKnownProvider_SaysWhatToSet(string requested, string provider, string whatToSet)
    {
        var router = Router("OPENAI_API_KEY=k", "Models:Aliases:flash=gemini-flash");

        var found = router.FindUnconfigured(requested);

        Assert.Null(router.Resolve(requested));
        Assert.Equal((provider, whatToSet), (found?.Name, found?.HowToConfigure));
    }

    [Theory]
    [InlineData("openai/anything")]
    [InlineData("nobody/x")]
    [InlineData("anthropic")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("demo/nothing")]
    public void Unconfigured_AnythingElse_IsNot(string? requested) => Assert.Null(Router("OPENAI_API_KEY=k").FindUnconfigured(requested));

    [Fact]
    public void Route_Demo_IsTheDemo()
    {
        var router = Router();

        Assert.IsType<DemoChatClient>(router.Resolve("demo/parley")!.Client);
        Assert.IsType<ScriptedChatClient>(router.Resolve("scripted")!.Client);
    }

    private ModelRouter Router(params string[] settings)
    {
        _services = TestProviders.Services(settings, _time);
        return _services.Router();
    }

    private static string ModelList(params string[] ids)
    {
        var body = $"{{\"object\":\"list\",\"data\":[{string.Join(',', ids.Select(i => $"{{\"id\":\"{i}\",\"object\":\"model\"}}"))}]}}";
        return $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}";
    }

    /// <summary>A family with a defect: its list throws what the port does not allow.</summary>
    private sealed class BrokenFamily : IProviderFamily
    {
        public string Type => "broken";

        public IProviderSetup Configure(ProviderSource source) => new Setup();

        private sealed class Setup : IProviderSetup
        {
            public IReadOnlyList<string> Models => [];

            public IEnumerable<string> Validate() => [];

            public IModelProvider Create() => new Provider();
        }

        private sealed class Provider : IModelProvider
        {
            public string Name => "broken";

            public string DisplayName => "Broken";

            public IReadOnlyList<ModelDescription> Models => [];

            public IReadOnlyDictionary<string, string> Aliases { get; } = new Dictionary<string, string>();

            public ModelDescription? Find(string model) => null;

            public Task<IReadOnlyList<ModelDescription>> ListModelsAsync(CancellationToken cancellationToken) =>
                throw new NotSupportedException("secret");

            public IChatClient CreateClient(string model) => throw new NotSupportedException();

            public void Dispose() { }
        }
    }
}
