namespace Parley.Streaming.Providers;

/// <summary>
/// A family of providers: one protocol, with its settings, presets, clients, model lists and error messages. A family is a
/// folder and a line in <see cref="ProviderServiceCollectionExtensions.AddProviders"/>; nothing else names it.
/// </summary>
public interface IProviderFamily
{
    /// <summary>The value of <c>Providers:&lt;name&gt;:Type</c> that selects the family. Compared without case; unique.</summary>
    string Type { get; }

    /// <summary>A section without a <c>Type</c> belongs to this family. Default false.</summary>
    bool IsDefault => false;

    /// <summary>
    /// Its providers run in this process and need no configuration. They come last in the list of models, their models are
    /// default models only where no other provider has one, and are not found by a bare model name. Default false.
    /// </summary>
    bool IsBuiltIn => false;

    /// <summary>
    /// Providers that belong to the family without a <c>Type</c>, in the order in which a default model is looked for.
    /// <see cref="Configure"/> is called for each of them, even where the configuration has no section for it.
    /// </summary>
    IReadOnlyList<KnownProvider> KnownProviders => [];

    /// <summary>
    /// Reads the settings of one provider. Null where neither its section nor an environment variable configures it.
    /// Invalid settings are not an error here: <see cref="IProviderSetup.Validate"/> reports them.
    /// </summary>
    IProviderSetup? Configure(ProviderSource source);
}
