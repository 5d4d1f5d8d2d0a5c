namespace Parley.Streaming.Providers.Demo;

/// <summary>The built-in models, <c>Providers:Demo</c>.</summary>
public sealed record DemoOptions
{
    private const int MaxTokensPerSecond = 1_000_000;

    /// <summary>Offer <c>demo/parley</c>. Default true. It is the default model where no other provider has a model.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Show <c>demo/scripted</c> in lists of models. Default true. It can be asked for by name either way.</summary>
    public bool Scripted { get; init; } = true;

    /// <summary>The speed of <c>demo/parley</c>, in words per second. Default 50; 0 for no pauses, 1,000,000 at most.</summary>
    public int TokensPerSecond { get; init; } = 50;

    /// <summary>One message for each invalid setting.</summary>
    public IEnumerable<string> Validate(ProviderSource source)
    {
        if (TokensPerSecond is < 0 or > MaxTokensPerSecond)
        {
            yield return $"{source.Setting(nameof(TokensPerSecond))} is {TokensPerSecond}. "
                + $"Type a number of words per second from 0 (no pauses) to {MaxTokensPerSecond}.";
        }
    }
}
