namespace Parley.Streaming.Providers.Gemini;

/// <summary>What the settings say about the requests to a server.</summary>
internal sealed record GeminiClientOptions
{
    /// <summary>Ask for a summary of the reasoning. Default true.</summary>
    public bool ShowThinking { get; init; } = true;

    /// <summary>The models continue a trailing assistant message. Default false.</summary>
    public bool AcceptsPrefix { get; init; }
}
