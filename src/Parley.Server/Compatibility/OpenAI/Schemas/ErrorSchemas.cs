using System.Text.Json.Serialization;

namespace Parley.Server.Compatibility.OpenAI.Schemas;

// For the API document only: OpenAIErrorFormat writes this JSON by hand.

/// <summary>The body of an error.</summary>
public sealed record ErrorEnvelope(EnvelopedError Error);

/// <summary>An error.</summary>
public sealed record EnvelopedError(
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code
);
