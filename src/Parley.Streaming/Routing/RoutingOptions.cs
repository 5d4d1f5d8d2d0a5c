using Parley.Streaming.Providers;

namespace Parley.Streaming.Routing;

/// <summary>The providers and the names of models: the sections <c>Providers</c> and <c>Models</c>, and environment variables.</summary>
public sealed class RoutingOptions
{
    /// <summary>In the order in which a default model is looked for; built-in providers come last.</summary>
    public IList<ConfiguredProvider> Providers { get; } = [];

    /// <summary>The providers that the families know and nothing configures.</summary>
    public IList<KnownProvider> Unconfigured { get; } = [];

    /// <summary><c>Models:Default</c>: the model of <c>auto</c>. Default: the first model of the first provider.</summary>
    public string? DefaultModel { get; set; }

    /// <summary><c>Models:Aliases:&lt;alias&gt;</c>: further names, for example <c>fast</c> for <c>vllm/Qwen/Qwen3-32B</c>.</summary>
    public IDictionary<string, string> Aliases { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Sections that no family could read: one message each.</summary>
    public IList<string> Errors { get; } = [];
}

/// <summary>One provider in the configuration.</summary>
/// <param name="Name">Its name, in lower case.</param>
/// <param name="Family">The family that its <c>Type</c> or its name selects.</param>
/// <param name="Setup">Its settings.</param>
public sealed record ConfiguredProvider(string Name, IProviderFamily Family, IProviderSetup Setup);
