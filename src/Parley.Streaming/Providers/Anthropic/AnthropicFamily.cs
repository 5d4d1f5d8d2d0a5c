using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>Anthropic, and servers that speak its Messages API: <c>Type</c> <c>anthropic</c>.</summary>
public sealed partial class AnthropicFamily(TimeProvider time, ILoggerFactory loggers) : IProviderFamily
{
    /// <summary>The version of the API. Later ones refuse the sampling parameters of all models.</summary>
    internal const string Version = "2023-06-01";

    internal const string VersionHeader = "anthropic-version";
    internal const string ProviderName = "anthropic";
    internal const string BaseUrl = "https://api.anthropic.com/v1";
    private const string DefaultModel = "claude-opus-5-5";
    private const string Prefix = "ANTHROPIC";

    public string Type => "anthropic";

    public IReadOnlyList<KnownProvider> KnownProviders { get; } = [new(ProviderName, $"Set {Prefix}_API_KEY.")];

    public IProviderSetup? Configure(ProviderSource source)
    {
        var options = new AnthropicProviderOptions();
        var isConfigured = source.Section.Exists();
        if (source.Name == ProviderName)
        {
            isConfigured |= ReadEnvironment(source, options);
        }

        if (!isConfigured)
        {
            return null;
        }

        if (source.Section.GetSection(nameof(options.Models)).Exists())
        {
            options.Models.Clear();
        }

        source.Section.Bind(options);
        options.ApiKey = string.IsNullOrWhiteSpace(options.ApiKey) ? null : options.ApiKey.Trim();
        options.BaseUrl = options.BaseUrl?.Trim();
        options.Headers.TryAdd(VersionHeader, Version);
        if (options.Models.Count == 0 && options.BaseUrl == BaseUrl)
        {
            options.AssumeModel(DefaultModel);
        }

        return new AnthropicProviderSetup(source, options, time, loggers);
    }

    private static bool ReadEnvironment(ProviderSource source, AnthropicProviderOptions options)
    {
        var baseUrl = source.Variable($"{Prefix}_BASE_URL");
        options.ApiKey = source.KeyVariable(Prefix);
        options.BaseUrl = baseUrl is null ? BaseUrl : WithVersion(baseUrl);
        foreach (var model in source.ListVariable($"{Prefix}_MODEL"))
        {
            options.Models.Add(model);
        }

        return options.ApiKey is not null || baseUrl is not null;
    }

    // Anthropic's own libraries read the same variable and append the version themselves.
    private static string WithVersion(string url) => EndsWithVersion().IsMatch(url) ? url : url.TrimEnd('/') + "/v1";

    [GeneratedRegex(@"/v\d+/?$", RegexOptions.CultureInvariant)]
    private static partial Regex EndsWithVersion();
}

/// <summary>The settings of one provider of the family.</summary>
internal sealed class AnthropicProviderSetup(
    ProviderSource source,
    AnthropicProviderOptions options,
    TimeProvider time,
    ILoggerFactory loggers
) : IProviderSetup
{
    public AnthropicProviderOptions Options => options;

    public IReadOnlyList<string> Models => [.. options.Models];

    public IEnumerable<string> Validate() => options.Validate(source);

    public IModelProvider Create() => new AnthropicProvider(source.Name, options, time, loggers.CreateLogger<AnthropicProvider>());
}
