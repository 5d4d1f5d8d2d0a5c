using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Parley.Streaming.Providers.OpenAI;

namespace Parley.Streaming.Providers.OpenAIResponses;

/// <summary>
/// Servers that speak OpenAI's Responses API: <c>Type</c> <c>openai-responses</c>. A section of this type with the name of a preset of the
/// OpenAI-compatible family has that preset's address, key and models.
/// </summary>
public sealed class OpenAIResponsesFamily(TimeProvider time, ILoggerFactory loggers) : IProviderFamily
{
    public string Type => "openai-responses";

    public IProviderSetup? Configure(ProviderSource source)
    {
        var preset = OpenAIPreset.Find(source.Name);
        var found = preset?.FromEnvironment(source) ?? preset?.CreateOptions();
        var options = new OpenAIResponsesProviderOptions { BaseUrl = found?.BaseUrl, ApiKey = found?.ApiKey };
        foreach (var model in found?.Models ?? [])
        {
            options.Models.Add(model);
        }

        // Configured models replace a preset's, instead of being appended to them.
        if (source.Section.GetSection(nameof(options.Models)).Exists())
        {
            options.Models.Clear();
        }

        source.Section.Bind(options);
        if (options.Models.Count == 0 && preset?.DefaultModel is { } known && options.BaseUrl == preset.BaseUrl)
        {
            options.AssumeModel(known);
        }

        options.ApiKey = string.IsNullOrWhiteSpace(options.ApiKey) ? null : options.ApiKey.Trim();
        options.BaseUrl = options.BaseUrl?.Trim();
        return new OpenAIResponsesProviderSetup(source, options, preset, time, loggers);
    }
}

/// <summary>The settings of one provider of the family.</summary>
internal sealed class OpenAIResponsesProviderSetup(
    ProviderSource source,
    OpenAIResponsesProviderOptions options,
    OpenAIPreset? preset,
    TimeProvider time,
    ILoggerFactory loggers
) : IProviderSetup
{
    public OpenAIResponsesProviderOptions Options => options;

    public IReadOnlyList<string> Models => [.. options.Models];

    public IEnumerable<string> Validate() => options.Validate(source);

    public IModelProvider Create() =>
        new OpenAIResponsesProvider(source.Name, options, preset, time, loggers.CreateLogger<OpenAIResponsesProvider>());
}
