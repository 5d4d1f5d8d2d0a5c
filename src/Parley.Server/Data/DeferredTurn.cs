using Parley.Server.Data.Model;

namespace Parley.Server.Data;

/// <summary>A message that is stored now and answered later, when its session is first followed.</summary>
/// <param name="Kind"><see cref="Model.ChatSessionKind"/>.</param>
/// <param name="Prompt">What the person wrote.</param>
/// <param name="Model">The model to ask.</param>
/// <param name="Lifetime">How long the answer can be started.</param>
public sealed record DeferredTurn(string Kind, string Prompt, string Model, TimeSpan Lifetime)
{
    /// <summary>Its conversation, by id or by the client's name for it; where there is none of that name, a new one gets it.</summary>
    public string? Conversation { get; init; }

    /// <summary>The title of a new conversation.</summary>
    public string? Title { get; init; }

    /// <summary>A label of the client's.</summary>
    public string? ProjectId { get; init; }

    /// <summary>A label of the client's.</summary>
    public string? TaskId { get; init; }

    /// <summary>The session's id, where the same request must not store a second one; null for a new id.</summary>
    public string? Id { get; init; }
}
