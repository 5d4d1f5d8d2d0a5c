using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.OpenAIResponses;

/// <summary>The settings of a provider that speaks OpenAI's Responses API, <c>Providers:&lt;name&gt;</c>.</summary>
public sealed class OpenAIResponsesProviderOptions : HttpProviderOptions
{
    /// <summary>
    /// Ask models that reason for a summary of it. Default true. OpenAI gives summaries to verified organisations only: set it to false
    /// where the server answers 400 to it.
    /// </summary>
    public bool ShowThinking { get; set; } = true;
}
