using System.Diagnostics.CodeAnalysis;

namespace Parley.Streaming.Generations;

/// <summary>Names one generation: one attempt to produce one answer. Never reused, and never a credential.</summary>
public readonly record struct GenerationId(Guid Value)
{
    /// <summary>A new id, ordered by the given time.</summary>
    public static GenerationId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    /// <summary>Reads the one text form that there is: a UUID with dashes, in lower case.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out GenerationId id)
    {
        var known = Guid.TryParseExact(text, "D", out var value) && value.ToString("D") == text;
        id = new GenerationId(value);
        return known;
    }

    public override string ToString() => Value.ToString("D");
}
