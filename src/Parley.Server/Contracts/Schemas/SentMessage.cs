using System.ComponentModel;
using System.Text.Json;
using Parley.Server.OpenApi;

namespace Parley.Server.Contracts.Schemas;

// For the API document only: ClientHistory reads this JSON by hand.

/// <summary>A message in the history that a client sends, as <see cref="ClientHistory"/> reads it.</summary>
public sealed record SentMessage(
    [property: Description("The client's id for the message.")] string? Id,
    [property: SchemaRequired, SchemaValues("user", "assistant", "system", "developer", "tool", "data")] string? Role,
    [property: Description("The parts, from clients of AI SDK 5 to 7.")] IReadOnlyList<SentPart>? Parts,
    [property: Description("The content, from other clients: a string, or parts.")] JsonElement? Content
);

/// <summary>A part of a sent message. Only its text is read.</summary>
public sealed record SentPart([property: SchemaRequired, Description("`text`; other types are ignored.")] string? Type, string? Text);
