using System.Globalization;
using System.Text.RegularExpressions;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>How a model thinks, and how that is asked for.</summary>
internal enum AnthropicThinking
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Where a number of tokens is given: <c>enabled</c> with <c>budget_tokens</c>.</summary>
    Budget,

    /// <summary>Where <c>adaptive</c> is asked for.</summary>
    Optional,

    /// <summary>Unless <c>disabled</c> is asked for.</summary>
    OnByDefault,

    /// <summary>Always; nothing turns it off.</summary>
    Always,
}

/// <summary>
/// What a model accepts, as far as its name tells: the API refuses a whole request for one parameter that the model does not have. A
/// Claude of an unknown kind counts as the newest one; a name that is not a Claude's belongs to another server, which gets what the
/// client asks for.
/// </summary>
internal sealed partial record AnthropicModel
{
    private const int DefaultMaxTokens = 64_000;

    private AnthropicModel() { }

    /// <summary>How it thinks.</summary>
    public AnthropicThinking Thinking { get; private init; } = AnthropicThinking.Always;

    /// <summary>The limit to send where the client sets none: the API requires one.</summary>
    public int MaxTokens { get; private init; } = DefaultMaxTokens;

    /// <summary>It takes <c>temperature</c>, <c>top_p</c> and <c>top_k</c>.</summary>
    public bool AcceptsSampling { get; private init; }

    /// <summary>It takes <c>temperature</c> and <c>top_p</c> together.</summary>
    public bool AcceptsBothSampling { get; private init; }

    /// <summary>It continues a trailing assistant message.</summary>
    public bool AcceptsPrefix { get; private init; }

    /// <summary>It can be told that it must call a tool.</summary>
    public bool AcceptsForcedTools { get; private init; }

    /// <summary>It takes <c>output_config.effort</c>.</summary>
    public bool AcceptsEffort { get; private init; } = true;

    /// <summary>It knows the effort <c>xhigh</c>.</summary>
    public bool AcceptsExtraHighEffort { get; private init; } = true;

    /// <summary>It takes a JSON schema for its answer.</summary>
    public bool AcceptsSchema { get; private init; } = true;

    /// <summary>What the model of this name accepts.</summary>
    public static AnthropicModel Of(string name)
    {
        if (!name.Contains("claude", StringComparison.OrdinalIgnoreCase))
        {
            return new AnthropicModel
            {
                Thinking = AnthropicThinking.Budget,
                MaxTokens = 8192,
                AcceptsSampling = true,
                AcceptsBothSampling = true,
                AcceptsPrefix = true,
                AcceptsForcedTools = true,
                AcceptsEffort = false,
                AcceptsExtraHighEffort = false,
                AcceptsSchema = false,
            };
        }

        var match = NameWithVersion().Match(name);
        return match.Success ? OfVersion(match.Groups["kind"].Value, VersionOf(match)) : new AnthropicModel();
    }

    // Versions as numbers: 305 is Claude 3.5, 400 is Claude 4.
    private static AnthropicModel OfVersion(string kind, int version) =>
        new()
        {
            Thinking = version switch
            {
                < 307 => AnthropicThinking.None,
                < 406 => AnthropicThinking.Budget,
                < 500 => AnthropicThinking.Optional,
                >= 505 when kind == "opus" => AnthropicThinking.Always,
                _ => AnthropicThinking.OnByDefault,
            },
            MaxTokens = version switch
            {
                < 305 => 4096,
                < 307 => 8192,
                400 or 401 when kind == "opus" => 32_000,
                _ => DefaultMaxTokens,
            },
            AcceptsSampling = version < 407,
            AcceptsBothSampling = version < 400,
            AcceptsPrefix = version < 406,
            AcceptsForcedTools = version < 505 || kind != "opus",
            AcceptsEffort = version >= 406 || (version == 405 && kind == "opus"),
            AcceptsExtraHighEffort = version >= 407,
            AcceptsSchema = version >= 405,
        };

    private static int VersionOf(Match match)
    {
        var major = int.Parse(match.Groups["major"].ValueSpan, CultureInfo.InvariantCulture);
        var minor = match.Groups["minor"];
        return (major * 100) + (minor.Success ? int.Parse(minor.ValueSpan, CultureInfo.InvariantCulture) : 0);
    }

    // claude-3-5-sonnet-20241022, claude-3-opus-latest, claude-opus-4-20250514, claude-sonnet-4-5, claude-opus-5-5
    [GeneratedRegex(
        @"claude-(?:(?<major>\d)(?:[-.](?<minor>\d{1,2}))?-(?<kind>opus|sonnet|haiku)"
            + @"|(?<kind>opus|sonnet|haiku)-(?<major>\d{1,2})(?:[-.](?<minor>\d{1,2}))?)(?![0-9a-z])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex NameWithVersion();
}
