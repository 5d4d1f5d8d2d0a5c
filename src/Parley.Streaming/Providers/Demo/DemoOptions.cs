namespace Parley.Streaming.Providers.Demo;

/// <summary>The built-in models, <c>Providers:Demo</c>.</summary>
public sealed record DemoOptions
{
    /// <summary>Offer <c>demo/parley</c>. Default true; with no other provider it is what answers.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Show <c>demo/scripted</c> in the list of models. Default true. It can be asked for by name either way.</summary>
    public bool Scripted { get; init; } = true;

    /// <summary>How fast <c>demo/parley</c> writes, in words a second. Default 50; 0 for no pause at all.</summary>
    public int TokensPerSecond { get; init; } = 50;
}
