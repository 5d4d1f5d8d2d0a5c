namespace Parley.Streaming.Providers.Anthropic;

/// <summary>What the settings say about the requests to a server.</summary>
internal sealed record AnthropicClientOptions
{
    /// <summary>The limit of an answer where the client sets none. Default: the model's.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Ask for a summary of the reasoning. Default true.</summary>
    public bool ShowThinking { get; init; } = true;

    /// <summary>Mark the instructions and the conversation for the provider's cache. Default false.</summary>
    public bool CachePrompt { get; init; }

    /// <summary>The version of the API has sampling parameters; later ones refuse them. Default true.</summary>
    public bool HasSampling { get; init; } = true;

    /// <summary>The models continue a trailing assistant message. Default false.</summary>
    public bool AcceptsPrefix { get; init; }
}
