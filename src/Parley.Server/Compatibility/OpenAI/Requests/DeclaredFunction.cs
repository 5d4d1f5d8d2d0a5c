using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Server.Compatibility.OpenAI.Requests;

/// <summary>A tool that the client declares and runs.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it is for.</param>
/// <param name="schema">JSON schema of its arguments.</param>
/// <param name="strict">Whether the model must adhere to the schema; null for the provider's default.</param>
internal sealed class DeclaredFunction(string name, string? description, JsonElement schema, bool? strict) : AIFunctionDeclaration
{
    public override string Name => name;

    public override string Description => description ?? "";

    public override JsonElement JsonSchema => schema;

    public override IReadOnlyDictionary<string, object?> AdditionalProperties { get; } =
        strict is { } value ? new Dictionary<string, object?> { [OpenAIRequestOptions.Strict] = value } : new Dictionary<string, object?>();
}
