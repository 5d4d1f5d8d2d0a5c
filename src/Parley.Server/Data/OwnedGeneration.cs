using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Data;

/// <summary>A generation that was found for its owner.</summary>
/// <param name="Id">Its id.</param>
/// <param name="NodeId">Its owner: this process, under the id that it had when the generation was stored.</param>
/// <param name="Info">What wire formats say of it.</param>
/// <param name="Status">Its status, as stored.</param>
/// <param name="EndedAt">When it ended, if it has.</param>
/// <param name="ParentId">The message that it answers.</param>
/// <param name="MessageName">The client's name for the answer, where that is not <see cref="GenerationInfo.MessageId"/>.</param>
public sealed record OwnedGeneration(
    GenerationId Id,
    GenerationInfo Info,
    string Status,
    DateTimeOffset? EndedAt,
    string? ParentId,
    string? MessageName
)
{
    /// <summary>It is still being written.</summary>
    public bool IsRunning => Status == Model.MessageStatus.Running;
}

/// <summary>A generation that was just stored, and all that is needed to run it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Key">Its short key, for the tables of the log.</param>
/// <param name="Info">What wire formats say of it; its model is the one that was chosen.</param>
/// <param name="MessageName">The client's name for the answer, if it has one.</param>
/// <param name="Path">The messages to answer, oldest first, with the new one; empty where the request has them all.</param>
/// <param name="Request">What is asked beyond them.</param>
/// <param name="Continues">The answer that it begins with.</param>
/// <param name="IsListed">Its conversation is in its owner's lists.</param>
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

/// <summary>A message of a path, as a model is told it.</summary>
/// <param name="Role">Who wrote it.</param>
/// <param name="Text">Its text; of a stopped answer what was seen.</param>
public sealed record PathMessage(string Role, string Text);

/// <summary>A message as it is stored.</summary>
public sealed record StoredMessage(string Id, string? ParentId, string Role, string Content, string Status, string? GenerationId)
{
    public bool IsRunning => Status == Model.MessageStatus.Running;
}

/// <summary>Where in a conversation a message goes.</summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="ParentId">The message that it goes under; null at the root.</param>
/// <param name="ParentIsRunning">That message is still being written.</param>
/// <param name="ParentGenerationId">The generation of that message, if it is an answer.</param>
/// <param name="Model">The model that the conversation was last held with.</param>
public sealed record ReplyTarget(string ConversationId, string? ParentId, bool ParentIsRunning, string? ParentGenerationId, string? Model);
