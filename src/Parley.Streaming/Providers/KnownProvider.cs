namespace Parley.Streaming.Providers;

/// <summary>A provider that a family knows by its name: an environment variable is enough to configure it.</summary>
/// <param name="Name">Its name, in lower case.</param>
/// <param name="HowToConfigure">A sentence with the setting that configures it: <c>Set GROQ_API_KEY.</c></param>
public sealed record KnownProvider(string Name, string HowToConfigure)
{
    /// <summary>Aliases of its models, which the provider has too once it is configured.</summary>
    public IEnumerable<string> Aliases { get; init; } = [];
}
