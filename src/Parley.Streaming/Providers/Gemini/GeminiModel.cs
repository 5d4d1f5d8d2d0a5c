using System.Globalization;
using System.Text.RegularExpressions;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>What a model accepts, as far as its name tells. A Gemini without a number counts as the newest one.</summary>
internal sealed partial record GeminiModel
{
    private GeminiModel() { }

    /// <summary>It thinks, and takes <c>thinkingConfig</c>.</summary>
    public bool Thinks { get; private init; }

    /// <summary>How much it thinks is a level, not a number of tokens.</summary>
    public bool HasThinkingLevels { get; private init; }

    /// <summary>Its thinking can be turned off.</summary>
    public bool CanStopThinking { get; private init; }

    /// <summary>It refuses a function call of this turn that comes without its signature.</summary>
    public bool RequiresSignatures { get; private init; }

    /// <summary>It takes tools and a form of the answer together.</summary>
    public bool AcceptsFormatWithTools { get; private init; }

    /// <summary>What the model of this name accepts.</summary>
    public static GeminiModel Of(string name)
    {
        if (!name.Contains("gemini-", StringComparison.OrdinalIgnoreCase))
        {
            return new GeminiModel { AcceptsFormatWithTools = true };
        }

        // 205 is Gemini 2.5.
        var match = Version().Match(name);
        var version = match.Success ? (Number(match.Groups["major"]) * 100) + Number(match.Groups["minor"]) : int.MaxValue;
        return new GeminiModel
        {
            Thinks = version >= 205,
            HasThinkingLevels = version >= 300,
            CanStopThinking = version < 300 && !name.Contains("pro", StringComparison.OrdinalIgnoreCase),
            RequiresSignatures = version >= 300,
            AcceptsFormatWithTools = version >= 300,
        };
    }

    private static int Number(Group group) => group.Success ? int.Parse(group.ValueSpan, CultureInfo.InvariantCulture) : 0;

    // gemini-2.5-flash, gemini-3-pro-preview, gemini-3.8-flash
    [GeneratedRegex(@"gemini-(?<major>\d{1,3})(?:\.(?<minor>\d{1,2}))?(?=$|-)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Version();
}
