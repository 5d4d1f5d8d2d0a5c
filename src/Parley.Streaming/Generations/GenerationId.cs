using System.Diagnostics.CodeAnalysis;

namespace Parley.Streaming.Generations;

/// <summary>Identifies a generation: one attempt to produce one answer. It is never reused, and it is not a credential.</summary>
public readonly record struct GenerationId(Guid Value)
{
    /// <summary>A new id. Ids sort by the time of their creation.</summary>
    public static GenerationId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    /// <summary>Parses the text form: a UUID with dashes, in lower case. False for any other text.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out GenerationId id)
    {
        var isKnown = Guid.TryParseExact(text, "D", out var value) && value.ToString("D") == text;
        id = new GenerationId(value);
        return isKnown;
    }

    public override string ToString() => Value.ToString("D");
}
