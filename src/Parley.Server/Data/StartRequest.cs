namespace Parley.Server.Data;

/// <summary>Everything that one transaction stores when an answer begins.</summary>
public sealed record StartRequest
{
    public required string TenantId { get; init; }
    public required string OwnerId { get; init; }
    public required DateTimeOffset Now { get; init; }
    public required string ConversationId { get; init; }

    /// <summary>The conversation begins with this answer.</summary>
    public required bool IsNewConversation { get; init; }

    /// <summary>Of a new conversation: what the client calls it, its kind, when it may go, its title where one was given, and what had been said before.</summary>
    public string? ConversationExternalId { get; init; }
    public string ConversationKind { get; init; } = Parley.Server.Data.Model.ConversationKind.Chat;
    public DateTimeOffset? ConversationExpiresAt { get; init; }
    public string? ConversationTitle { get; init; }
    public IReadOnlyList<EarlierMessage> Earlier { get; init; } = [];

    /// <summary>The message to go under; null at the root of the conversation.</summary>
    public string? ParentId { get; init; }

    /// <summary>
    /// What the newest message was when this was decided, and must still be: of messages that are sent at the same moment one is answered, and the others are told. Null where that does not matter.
    /// </summary>
    public string? WhileNewestIs { get; init; }

    /// <summary>What the person wrote; null when an existing message is answered (again).</summary>
    public string? UserText { get; init; }
    public required string UserMessageId { get; init; }

    /// <summary>What the client calls that message.</summary>
    public string? UserMessageExternalId { get; init; }
    public required string MessageId { get; init; }

    /// <summary>What the client calls the answer, where it has one that this one takes the place of.</summary>
    public string? MessageExternalId { get; init; }
    public required string GenerationId { get; init; }
    public required string Model { get; init; }
    public string? ContinuesId { get; init; }
    public long? ContinuesTo { get; init; }

    /// <summary>What is asked beyond the conversation.</summary>
    public StoredRequest? Request { get; init; }

    /// <summary>The session that this answer belongs to: begun once, whoever follows it.</summary>
    public string? SessionId { get; init; }

    /// <summary>The client's name for this start, if it gave one.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>A hash of what was asked, to tell a retry from another request under the same key.</summary>
    public required string Fingerprint { get; init; }
}

/// <summary>A message that a client brings along when it begins a conversation.</summary>
public sealed record EarlierMessage(string Role, string Content, string? ExternalId = null);

/// <summary>What became of an <see cref="StartRequest"/>.</summary>
public abstract record StartResult
{
    /// <summary>It is stored; the generation may run, under epoch 1.</summary>
    /// <param name="Key">The generation's short key.</param>
    public sealed record Started(long Key) : StartResult;

    /// <summary>The same request had started this generation before. Nothing was stored.</summary>
    public sealed record Attached(string GenerationId) : StartResult;

    /// <summary>The idempotency key names another request. Nothing was stored.</summary>
    public sealed record KeyReused : StartResult;

    /// <summary>Something else has become the newest message meanwhile. Nothing was stored.</summary>
    public sealed record Changed : StartResult;

    /// <summary>A conversation of that name has begun meanwhile. Nothing was stored.</summary>
    public sealed record NameTaken : StartResult;

    /// <summary>The conversation, the session or the parent is not (or no longer) there. Nothing was stored.</summary>
    public sealed record Gone : StartResult;
}
