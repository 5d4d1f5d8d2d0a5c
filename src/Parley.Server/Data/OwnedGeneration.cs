using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Data;

/// <summary>A generation that was found for its owner.</summary>
/// <param name="Id">Its id.</param>
/// <param name="NodeId">Its owner: this process, under the id that it had when the generation was stored.</param>
/// <param name="Info">What wire formats need of it.</param>
/// <param name="Status">Its status, as stored.</param>
/// <param name="EndedAt">When it ended, if it has.</param>
/// <param name="ParentId">The message that it answers.</param>
/// <param name="MessageName">The client's name for the answer, or null.</param>
public sealed record OwnedGeneration(
    GenerationId Id,
    GenerationInfo Info,
    string Status,
    DateTimeOffset? EndedAt,
    string? ParentId,
    string? MessageName
)
{
    /// <summary>Whether it is running.</summary>
    public bool IsRunning => Status == Model.MessageStatus.Running;
}

/// <summary>A generation that was just stored, with what is needed to run it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Key">Its short key, for the tables of the log.</param>
/// <param name="Info">What wire formats need of it; its model is the chosen one.</param>
/// <param name="MessageName">The client's name for the answer, if it has one.</param>
/// <param name="Path">The messages to answer, oldest first, including the new one; empty when the request contains all messages.</param>
/// <param name="Request">What the client requested beyond them.</param>
/// <param name="Continues">The answer that it continues, or null.</param>
/// <param name="IsListed">Whether its conversation is listed.</param>
public sealed record StartedGeneration(
    GenerationId Id,
    long Key,
    string NodeId,
    GenerationInfo Info,
    string? MessageName,
    IReadOnlyList<PathMessage> Path,
    StoredRequest? Request,
    ContinuedAnswer? Continues,
    bool IsListed
);

/// <summary>A message of a path, as it is sent to a model.</summary>
/// <param name="Role">Who wrote it.</param>
/// <param name="Text">Its text; of a stopped answer only the displayed text.</param>
public sealed record PathMessage(string Role, string Text);

/// <summary>A message as it is stored.</summary>
public sealed record StoredMessage(string Id, string? ParentId, string Role, string Content, string Status, string? GenerationId)
{
    public bool IsRunning => Status == Model.MessageStatus.Running;
}

/// <summary>The target of a new message in a conversation.</summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="ParentId">The parent message; null at the root.</param>
/// <param name="ParentIsRunning">Whether the parent's generation is running.</param>
/// <param name="ParentGenerationId">The parent's generation, if it is an answer.</param>
/// <param name="Model">The conversation's model.</param>
public sealed record ReplyTarget(string ConversationId, string? ParentId, bool ParentIsRunning, string? ParentGenerationId, string? Model);
