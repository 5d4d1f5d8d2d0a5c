using Microsoft.Extensions.Configuration;

namespace Parley.Streaming.Providers.Demo;

/// <summary>The built-in models, which need no server and no key: <c>Type</c> <c>demo</c>. Always configured.</summary>
public sealed class DemoFamily(TimeProvider time) : IProviderFamily
{
    public string Type => "demo";

    public bool IsBuiltIn => true;

    public IReadOnlyList<KnownProvider> KnownProviders { get; } = [new("demo", "Set Providers:Demo:Enabled to true.")];

    public IProviderSetup Configure(ProviderSource source) =>
        new DemoProviderSetup(source, source.Section.Get<DemoOptions>() ?? new DemoOptions(), time);
}

/// <summary>The settings of the built-in models.</summary>
internal sealed class DemoProviderSetup(ProviderSource source, DemoOptions options, TimeProvider time) : IProviderSetup
{
    public IReadOnlyList<string> Models { get; } = [DemoProvider.ParleyModel, DemoProvider.ScriptedModel];

    public IEnumerable<string> Validate() => options.Validate(source);

    public IModelProvider Create() => new DemoProvider(source.Name, options, time);
}
