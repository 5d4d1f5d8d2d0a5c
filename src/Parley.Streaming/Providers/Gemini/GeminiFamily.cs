using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>Google's Gemini API, and servers that speak it: <c>Type</c> <c>gemini</c>.</summary>
public sealed class GeminiFamily(TimeProvider time, ILoggerFactory loggers) : IProviderFamily
{
    internal const string ProviderName = "google";
    internal const string BaseUrl = "https://generativelanguage.googleapis.com/v1beta";
    private const string DefaultModel = "gemini-3.8-flash";

    internal static IReadOnlyDictionary<string, string> Aliases { get; } =
        new Dictionary<string, string> { ["gemini-flash"] = DefaultModel };

    // The beginnings of the variables; the first one that has a value counts.
    private static readonly string[] Prefixes = ["GOOGLE_GENERATIVE_AI", "GEMINI"];

    public string Type => "gemini";

    public IReadOnlyList<KnownProvider> KnownProviders { get; } =
    [new(ProviderName, $"Set {string.Join(" or ", Prefixes.Select(prefix => $"{prefix}_API_KEY"))}.") { Aliases = Aliases.Keys }];

    public IProviderSetup? Configure(ProviderSource source)
    {
        var options = new GeminiProviderOptions();
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
        if (options.Models.Count == 0 && options.BaseUrl == BaseUrl)
        {
            options.AssumeModel(DefaultModel);
        }

        return new GeminiProviderSetup(source, options, time, loggers);
    }

    private static bool ReadEnvironment(ProviderSource source, GeminiProviderOptions options)
    {
        var baseUrl = First(prefix => source.Variable($"{prefix}_BASE_URL"));
        options.ApiKey = First(source.KeyVariable);
        options.BaseUrl = baseUrl ?? BaseUrl;
        foreach (var model in First(prefix => source.ListVariable($"{prefix}_MODEL") is { Count: > 0 } models ? models : null) ?? [])
        {
            options.Models.Add(model);
        }

        return options.ApiKey is not null || baseUrl is not null;
    }

    private static T? First<T>(Func<string, T?> read)
        where T : class => Prefixes.Select(read).FirstOrDefault(value => value is not null);
}

/// <summary>The settings of one provider of the family.</summary>
internal sealed class GeminiProviderSetup(ProviderSource source, GeminiProviderOptions options, TimeProvider time, ILoggerFactory loggers)
    : IProviderSetup
{
    public GeminiProviderOptions Options => options;

    public IReadOnlyList<string> Models => [.. options.Models];

    public IEnumerable<string> Validate() => options.Validate(source);

    public IModelProvider Create() => new GeminiProvider(source.Name, options, time, loggers.CreateLogger<GeminiProvider>());
}
