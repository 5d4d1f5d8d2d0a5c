using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>The settings of a provider that speaks the Gemini API, <c>Providers:&lt;name&gt;</c>.</summary>
public sealed class GeminiProviderOptions : HttpProviderOptions
{
    /// <summary>The models continue a trailing assistant message, so that an interrupted answer can be continued. Default false.</summary>
    public bool AcceptsPrefix { get; set; }

    /// <summary>Ask models that think for a summary of it. Default true; without it nothing arrives until they have thought.</summary>
    public bool ShowThinking { get; set; } = true;
}
