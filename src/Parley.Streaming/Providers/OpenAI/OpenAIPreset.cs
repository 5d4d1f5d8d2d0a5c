namespace Parley.Streaming.Providers.OpenAI;

/// <summary>A service that environment variables are enough to configure.</summary>
/// <param name="Name">The provider's name.</param>
/// <param name="DisplayName">The provider as its makers write it.</param>
/// <param name="Variables">The beginning of the variables: <c>GROQ</c> for <c>GROQ_API_KEY</c>.</param>
/// <param name="BaseUrl">Its address; null where only the environment knows it.</param>
internal sealed record OpenAIPreset(string Name, string DisplayName, string Variables, string? BaseUrl)
{
    /// <summary>The presets, in the order in which a default model is looked for.</summary>
    public static IReadOnlyList<OpenAIPreset> All { get; } =
    [
        new("openai", "OpenAI", "OPENAI", "https://api.openai.com/v1") { DefaultModel = "gpt-6.1-terra", UseMaxCompletionTokens = true },
        new("groq", "Groq", "GROQ", "https://api.groq.com/openai/v1")
        {
            DefaultModel = "openai/gpt-oss-120b",
            // The models that Groq named as replacements when it withdrew Llama.
            Aliases = new() { ["groq-llama-70b"] = "openai/gpt-oss-120b", ["groq-llama-8b"] = "openai/gpt-oss-20b" },
        },
        new("xai", "xAI", "XAI", "https://api.x.ai/v1") { DefaultModel = "grok-4.7" },
        new("mistral", "Mistral", "MISTRAL", "https://api.mistral.ai/v1") { DefaultModel = "mistral-medium-latest" },
        new("nvidia", "NVIDIA", "NVIDIA", "https://integrate.api.nvidia.com/v1") { DefaultModel = "meta/llama-3.3-70b-instruct" },
        new("openrouter", "OpenRouter", "OPENROUTER", "https://openrouter.ai/api/v1") { DefaultModel = "openrouter/auto" },
        // Only the address of its beta features takes a prefix.
        new("deepseek", "DeepSeek", "DEEPSEEK", "https://api.deepseek.com/beta")
        {
            DefaultModel = "deepseek-v4-flash",
            Prefix = PrefixStyle.Flag,
        },
        new("together", "Together AI", "TOGETHER", "https://api.together.xyz/v1") { DefaultModel = "openai/gpt-oss-120b" },
        new("ollama", "Ollama", "OLLAMA", BaseUrl: null) { HostVariable = "OLLAMA_HOST", FirstTokenTimeout = TimeSpan.FromMinutes(2) },
        new("llamacpp", "llama.cpp", "LLAMACPP", BaseUrl: null) { Prefix = PrefixStyle.Plain, FirstTokenTimeout = TimeSpan.FromMinutes(2) },
        new("vllm", "vLLM", "VLLM", BaseUrl: null) { Prefix = PrefixStyle.ContinueFinalMessage },
    ];

    /// <summary>The default model at <see cref="BaseUrl"/>. Default: the first one that the server lists.</summary>
    public string? DefaultModel { get; init; }

    /// <summary>Short names for its models.</summary>
    public Dictionary<string, string> Aliases { get; init; } = [];

    /// <summary>The service requires <c>max_completion_tokens</c>. Default false.</summary>
    public bool UseMaxCompletionTokens { get; init; }

    /// <summary>
    /// The variable with a host and port, in any of Ollama's forms, that configures the provider instead of a key or a base URL.
    /// </summary>
    public string? HostVariable { get; init; }

    /// <summary>How its models are told to continue a trailing assistant message. Default null: they do not.</summary>
    public PrefixStyle? Prefix { get; init; }

    /// <summary>Where the default of 30 s is too short, because the server loads a model first.</summary>
    public TimeSpan? FirstTokenTimeout { get; init; }

    /// <summary>The variable that is enough to configure it.</summary>
    public string Variable => HostVariable ?? (BaseUrl is null ? $"{Variables}_BASE_URL" : $"{Variables}_API_KEY");

    /// <summary>The preset with this provider name, if there is one.</summary>
    public static OpenAIPreset? Find(string name) => All.FirstOrDefault(preset => preset.Name == name);

    /// <summary>Whether a preset says that the service at this address requires <c>max_completion_tokens</c>.</summary>
    public static bool RequiresMaxCompletionTokens(Uri baseUrl) =>
        All.Any(preset => preset is { UseMaxCompletionTokens: true, BaseUrl: { } known } && new Uri(known).Host == baseUrl.Host);

    /// <summary>Settings for a section of this name where the environment has no variables.</summary>
    public OpenAIProviderOptions CreateOptions()
    {
        var options = new OpenAIProviderOptions
        {
            BaseUrl = BaseUrl,
            AcceptsPrefix = Prefix is not null,
            PrefixStyle = Prefix ?? PrefixStyle.Plain,
        };
        options.FirstTokenTimeout = FirstTokenTimeout ?? options.FirstTokenTimeout;
        return options;
    }

    /// <summary>The settings that the environment has; null where it does not configure the provider.</summary>
    public OpenAIProviderOptions? FromEnvironment(ProviderSource source)
    {
        var host = HostVariable is null ? null : source.Variable(HostVariable);
        var baseUrl =
            HostVariable is null ? source.Variable($"{Variables}_BASE_URL")
            : host is null ? null
            : BaseUrlOfHost(host);
        var key = HostVariable is null ? source.KeyVariable(Variables) : source.Variable($"{Variables}_API_KEY");
        if (baseUrl is null && (key is null || BaseUrl is null))
        {
            return null;
        }

        var options = CreateOptions();
        options.BaseUrl = baseUrl ?? BaseUrl;
        options.ApiKey = key;
        foreach (var model in source.ListVariable($"{Variables}_MODEL"))
        {
            options.Models.Add(model);
        }

        // Another server behind the same variables has other models: it lists them itself.
        if (options.Models.Count == 0 && DefaultModel is not null && baseUrl is null)
        {
            options.AssumeModel(DefaultModel);
        }

        return options;
    }

    private static string BaseUrlOfHost(string host)
    {
        const int defaultPort = 11434;
        var hasScheme = host.Contains("://", StringComparison.Ordinal);
        var text = hasScheme ? host : "http://" + (host.StartsWith(':') ? "127.0.0.1" + host : host);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            return host;
        }

        var port = url.IsDefaultPort && !hasScheme ? defaultPort : url.Port;
        // 0.0.0.0 is an address to listen on, not one to connect to.
        var name = url.Host is "0.0.0.0" or "[::]" ? "127.0.0.1" : url.Host;
        var path = url.AbsolutePath.TrimEnd('/');
        return $"{url.Scheme}://{name}:{port}{(path.Length == 0 ? "/v1" : path)}";
    }
}
