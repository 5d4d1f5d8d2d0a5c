using Microsoft.Extensions.Configuration;

namespace Parley.Streaming.Routing;

/// <summary>A provider that an environment variable is enough to configure.</summary>
internal sealed record ProviderPreset(string Name, string Variable, string BaseUrl, string? DefaultModel = null)
{
    private const int MaxKeys = 20;

    public static IReadOnlyList<ProviderPreset> All { get; } =
    [
        new("openai", "OPENAI", "https://api.openai.com/v1", "gpt-5-mini"),
        new("groq", "GROQ", "https://api.groq.com/openai/v1", "llama-3.3-70b-versatile"),
        new("xai", "XAI", "https://api.x.ai/v1", "grok-4"),
        new("mistral", "MISTRAL", "https://api.mistral.ai/v1", "mistral-medium-latest"),
        new("google", "GOOGLE_GENERATIVE_AI", "https://generativelanguage.googleapis.com/v1beta/openai", "gemini-2.5-flash"),
        new("nvidia", "NVIDIA", "https://integrate.api.nvidia.com/v1", "meta/llama-3.3-70b-instruct"),
        new("openrouter", "OPENROUTER", "https://openrouter.ai/api/v1", "openrouter/auto"),
    ];

    /// <summary>The provider as the environment describes it; null where it says nothing.</summary>
    public ProviderOptions? FromEnvironment(IConfiguration environment)
    {
        var key = Key(environment);
        var baseUrl = Value(environment, $"{Variable}_BASE_URL");
        if (key is null && baseUrl is null)
            return null;
        var options = new ProviderOptions { BaseUrl = baseUrl ?? BaseUrl, ApiKey = key };
        AddModels(environment, options);
        // Another server behind the same variable has other models: it will say which.
        if (options.Models.Count == 0 && DefaultModel is not null && baseUrl is null)
            options.Models.Add(DefaultModel);
        return options;
    }

    /// <summary>Ollama: a host instead of a base URL, in any of the forms that Ollama itself takes, and no key.</summary>
    public static ProviderOptions? Ollama(IConfiguration environment)
    {
        if (Value(environment, "OLLAMA_HOST") is not { } host)
            return null;
        var options = new ProviderOptions
        {
            BaseUrl = OllamaBaseUrl(host),
            ApiKey = Value(environment, "OLLAMA_API_KEY"),
            FirstTokenTimeout = TimeSpan.FromMinutes(2),
        };
        foreach (var model in List(environment, "OLLAMA_MODEL"))
            options.Models.Add(model);
        return options;
    }

    private static string OllamaBaseUrl(string host)
    {
        var hasScheme = host.Contains("://", StringComparison.Ordinal);
        var text = hasScheme ? host : "http://" + (host.StartsWith(':') ? "127.0.0.1" + host : host);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
            return host;
        var port = url.IsDefaultPort && !hasScheme ? 11434 : url.Port;
        // 0.0.0.0 is what a server listens on; nobody can connect to it everywhere.
        var name = url.Host is "0.0.0.0" or "[::]" ? "127.0.0.1" : url.Host;
        var path = url.AbsolutePath.TrimEnd('/');
        return $"{url.Scheme}://{name}:{port}{(path.Length == 0 ? "/v1" : path)}";
    }

    private void AddModels(IConfiguration environment, ProviderOptions options)
    {
        foreach (var model in List(environment, $"{Variable}_MODEL"))
            options.Models.Add(model);
    }

    // One key is used for now: NAME_API_KEY, else the first of NAME_API_KEY_1, _2, …
    private string? Key(IConfiguration environment)
    {
        var key = Value(environment, $"{Variable}_API_KEY");
        for (var number = 1; key is null && number <= MaxKeys; number++)
            key = Value(environment, $"{Variable}_API_KEY_{number}");
        return key;
    }

    private static string[] List(IConfiguration environment, string name) =>
        Value(environment, name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static string? Value(IConfiguration environment, string name) =>
        environment[name] is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;
}
