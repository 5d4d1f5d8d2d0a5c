using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>Every server that speaks OpenAI's Chat Completions: <c>Type</c> <c>openai</c>, the default.</summary>
public sealed class OpenAIFamily(TimeProvider time, ILoggerFactory loggers) : IProviderFamily
{
    public string Type => "openai";

    public bool IsDefault => true;

    public IReadOnlyList<KnownProvider> KnownProviders { get; } =
    [.. OpenAIPreset.All.Select(preset => new KnownProvider(preset.Name, $"Set {preset.Variable}.") { Aliases = preset.Aliases.Keys })];

    public IProviderSetup? Configure(ProviderSource source)
    {
        var preset = OpenAIPreset.Find(source.Name);
        var found = preset?.FromEnvironment(source);
        if (found is null && !source.Section.Exists())
        {
            return null;
        }

        var options = found ?? preset?.CreateOptions() ?? new OpenAIProviderOptions();
        if (source.Section.Exists())
        {
            Bind(source.Section, options, preset);
        }

        // What is known of a service need not hold at another address.
        var isElsewhere = preset?.BaseUrl is { } known && options.BaseUrl != known;
        if (isElsewhere && source.Section[nameof(options.AcceptsPrefix)] is null)
        {
            options.AcceptsPrefix = false;
        }

        return new OpenAIProviderSetup(source, options, preset, time, loggers);
    }

    private static void Bind(IConfigurationSection section, OpenAIProviderOptions options, OpenAIPreset? preset)
    {
        // Configured models replace a preset's, instead of being appended to them.
        if (section.GetSection(nameof(options.Models)).Exists())
        {
            options.Models.Clear();
        }

        section.Bind(options);
        if (options.Models.Count == 0 && preset?.DefaultModel is { } model && options.BaseUrl == preset.BaseUrl)
        {
            options.AssumeModel(model);
        }

        options.ApiKey = string.IsNullOrWhiteSpace(options.ApiKey) ? null : options.ApiKey.Trim();
        options.BaseUrl = options.BaseUrl?.Trim();
    }
}

/// <summary>The settings of one OpenAI-compatible provider.</summary>
internal sealed class OpenAIProviderSetup(
    ProviderSource source,
    OpenAIProviderOptions options,
    OpenAIPreset? preset,
    TimeProvider time,
    ILoggerFactory loggers
) : IProviderSetup
{
    public OpenAIProviderOptions Options => options;

    public IReadOnlyList<string> Models => [.. options.Models];

    public IEnumerable<string> Validate() => options.Validate(source);

    public IModelProvider Create() => new OpenAIProvider(source.Name, options, preset, time, loggers.CreateLogger<OpenAIProvider>());
}
