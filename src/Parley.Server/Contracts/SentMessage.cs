using System.ComponentModel;
using System.Text.Json;
using Parley.Server.OpenApi;

namespace Parley.Server.Contracts;

/// <summary>What <see cref="ClientHistory"/> reads of a message that a client sends along, for the description of the API.</summary>
public sealed record SentMessage(
    [property: Description("The client's id for the message.")] string? Id,
    [property: SchemaRequired, SchemaValues("user", "assistant", "system", "developer", "tool", "data")] string? Role,
    [property: Description("The parts, from clients of AI SDK 5 to 7.")] IReadOnlyList<SentPart>? Parts,
    [property: Description("The content, from other clients: a string, or parts.")] JsonElement? Content
);

/// <summary>A part of such a message. Its text is read; what it has besides is kept by the client.</summary>
public sealed record SentPart([property: SchemaRequired, Description("`text`; other types are ignored.")] string? Type, string? Text);
