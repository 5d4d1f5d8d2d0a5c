using Microsoft.Extensions.Configuration;

namespace Parley.Streaming.Providers;

/// <summary>Where the settings of one provider come from.</summary>
/// <param name="Name">The provider's name, in lower case.</param>
/// <param name="Section">The section <c>Providers:&lt;name&gt;</c>; may not exist.</param>
/// <param name="Environment">The whole configuration, which has the environment variables.</param>
public sealed record ProviderSource(string Name, IConfigurationSection Section, IConfiguration Environment)
{
    private const int MaxKeys = 20;

    /// <summary>The full name of a setting, for messages: <c>Providers:groq:ApiKey</c>.</summary>
    public string Setting(string key) => $"Providers:{Name}:{key}";

    /// <summary>An environment variable, trimmed; null where it is missing or blank.</summary>
    public string? Variable(string name) => Environment[name] is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    /// <summary>
    /// The API key in the environment: <c>{prefix}_API_KEY</c>, else the first of <c>{prefix}_API_KEY_1</c>, <c>_2</c>, … <c>_20</c>.
    /// Null where there is none.
    /// </summary>
    public string? KeyVariable(string prefix)
    {
        var key = Variable($"{prefix}_API_KEY");
        for (var number = 1; key is null && number <= MaxKeys; number++)
        {
            key = Variable($"{prefix}_API_KEY_{number}");
        }

        return key;
    }

    /// <summary>An environment variable with values separated by commas; empty where it is missing.</summary>
    public IReadOnlyList<string> ListVariable(string name) =>
        Variable(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}
