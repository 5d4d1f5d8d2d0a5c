namespace Parley.Server.Data;

/// <summary>A message that is stored now and answered later, when its session is first followed.</summary>
/// <param name="Kind"><see cref="Model.ChatSessionKind"/>.</param>
/// <param name="Prompt">What the person wrote.</param>
/// <param name="Model">The model.</param>
/// <param name="Lifetime">How long the generation can be started.</param>
public sealed record DeferredTurn(string Kind, string Prompt, string Model, TimeSpan Lifetime)
{
    /// <summary>Its conversation, by id or by the client's name for it; if it does not exist, it is created with that name.</summary>
    public string? Conversation { get; init; }

    /// <summary>The title of a new conversation.</summary>
    public string? Title { get; init; }

    /// <summary>A label of the client's.</summary>
    public string? ProjectId { get; init; }

    /// <summary>A label of the client's.</summary>
    public string? TaskId { get; init; }

    /// <summary>The session's id, if a repeated request must not store a second session; null for a new id.</summary>
    public string? Id { get; init; }
}
