using Microsoft.Extensions.Configuration;
using Parley.Streaming.Providers.Demo;

namespace Parley.Streaming.Routing;

/// <summary>Reads <see cref="RoutingOptions"/>: presets from the environment first, then what <c>Providers</c> says over them.</summary>
internal static class RoutingConfiguration
{
    private const string DemoName = "demo";

    /// <summary>Short names that are there as soon as their provider is; <c>Models:Aliases</c> can point them elsewhere.</summary>
    private static readonly (string Alias, string Provider, string Model)[] ShortNames =
    [
        ("groq-llama-70b", "groq", "llama-3.3-70b-versatile"),
        ("groq-llama-8b", "groq", "llama-3.1-8b-instant"),
        ("gemini-flash", "google", "gemini-2.5-flash"),
    ];

    public static void Load(IConfiguration configuration, RoutingOptions options)
    {
        var section = configuration.GetSection("Providers");
        foreach (var preset in ProviderPreset.All)
            Add(options, preset.Name, preset.FromEnvironment(configuration), section, preset);
        Add(options, "ollama", ProviderPreset.Ollama(configuration), section, preset: null);

        foreach (var child in section.GetChildren())
        {
            var name = child.Key.ToLowerInvariant();
            if (name != DemoName && !options.Providers.Any(p => p.Key == name))
                options.Providers.Add(new(name, Bind(child, new ProviderOptions(), preset: null)));
        }

        options.Demo = section.GetSection("Demo").Get<DemoOptions>() ?? new DemoOptions();
        options.DefaultModel = configuration["Models:Default"];
        foreach (var (alias, provider, model) in ShortNames)
        {
            if (options.Providers.Any(p => p.Key == provider))
                options.Aliases[alias] = $"{provider}/{model}";
        }
        foreach (var alias in configuration.GetSection("Models:Aliases").GetChildren())
        {
            if (!string.IsNullOrWhiteSpace(alias.Value))
                options.Aliases[alias.Key] = alias.Value.Trim();
        }
    }

    private static void Add(RoutingOptions options, string name, ProviderOptions? found, IConfigurationSection section, ProviderPreset? preset)
    {
        var own = section.GetSection(name);
        if (found is null && !own.Exists())
            return;
        options.Providers.Add(new(name, own.Exists() ? Bind(own, found ?? new ProviderOptions { BaseUrl = preset?.BaseUrl }, preset) : found!));
    }

    private static ProviderOptions Bind(IConfigurationSection section, ProviderOptions options, ProviderPreset? preset)
    {
        // Models that are written down replace a preset's, instead of coming after it.
        if (section.GetSection("Models").Exists())
            options.Models.Clear();
        section.Bind(options);
        if (options.Models.Count == 0 && preset?.DefaultModel is { } model && options.BaseUrl == preset.BaseUrl)
            options.Models.Add(model);
        options.ApiKey = string.IsNullOrWhiteSpace(options.ApiKey) ? null : options.ApiKey.Trim();
        options.BaseUrl = options.BaseUrl?.Trim();
        return options;
    }
}
