using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>The settings of a provider that speaks Anthropic's Messages API, <c>Providers:&lt;name&gt;</c>.</summary>
public sealed class AnthropicProviderOptions : HttpProviderOptions
{
    private const int MaxMaxTokens = 1_000_000;

    /// <summary>
    /// The models continue a trailing assistant message, so that an interrupted answer can be continued. Default false. Claude 4.6 and
    /// later never do.
    /// </summary>
    public bool AcceptsPrefix { get; set; }

    /// <summary>
    /// The longest answer, in tokens, where the client sets no limit: the API requires one. 1 to 1,000,000. Default: by the model, 4,096 to
    /// 64,000; 8,192 for models that are not Claude.
    /// </summary>
    public int? MaxTokens { get; set; }

    /// <summary>
    /// Ask models that think on their own for a summary of it. Default true; without it nothing arrives until they have thought.
    /// </summary>
    public bool ShowThinking { get; set; } = true;

    /// <summary>
    /// Mark the instructions and the conversation for the provider's cache, which makes long conversations cheaper and short ones slightly
    /// dearer. Default false.
    /// </summary>
    public bool CachePrompt { get; set; }

    public override IEnumerable<string> Validate(ProviderSource source) =>
        MaxTokens is < 1 or > MaxMaxTokens
            ? base.Validate(source)
                .Append($"{source.Setting(nameof(MaxTokens))} is {MaxTokens}. Type a number of tokens from 1 to {MaxMaxTokens}.")
            : base.Validate(source);
}
