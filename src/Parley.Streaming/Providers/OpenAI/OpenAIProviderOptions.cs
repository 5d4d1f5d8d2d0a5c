using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>The settings of an OpenAI-compatible provider, <c>Providers:&lt;name&gt;</c>.</summary>
public sealed class OpenAIProviderOptions : HttpProviderOptions
{
    /// <summary>The models continue a trailing assistant message, so that an interrupted answer can be continued. Default false.</summary>
    public bool AcceptsPrefix { get; set; }

    /// <summary>How the server is told to continue; see <see cref="OpenAI.PrefixStyle"/>. Default <c>Plain</c>.</summary>
    public PrefixStyle PrefixStyle { get; set; }

    /// <summary>Ask for token usage in the stream. Default true; set it to false where the server answers 400 to it.</summary>
    public bool IncludeUsage { get; set; } = true;

    /// <summary>Send the token limit as <c>max_completion_tokens</c>. Default: to OpenAI only, whose newer models require it.</summary>
    public bool? UseMaxCompletionTokens { get; set; }
}
