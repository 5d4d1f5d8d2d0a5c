namespace Parley.Server.Data.Model;

/// <summary>A user. Anonymous until they sign up.</summary>
public sealed class User
{
    public required string Id { get; init; }
    public required string TenantId { get; init; }
    public required string Kind { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A conversation: a tree of messages. Clients show the path to <see cref="ActiveMessageId"/>.</summary>
public sealed class Conversation
{
    public required string Id { get; init; }
    public required string TenantId { get; init; }
    public required string OwnerId { get; init; }

    /// <summary>The client's own name for it, or null; unique per owner.</summary>
    public string? ExternalId { get; init; }

    /// <summary><see cref="ConversationKind"/>.</summary>
    public string Kind { get; init; } = ConversationKind.Chat;
    public required string Title { get; set; }
    public string? Model { get; set; }

    /// <summary>Messages ever added; also the sequence number of the newest.</summary>
    public int MessageCount { get; set; }
    public long TotalTokens { get; set; }
    public string? ActiveMessageId { get; set; }
    public DateTimeOffset? LastMessageAt { get; set; }
    public string? LastMessagePreview { get; set; }

    /// <summary>The time of the last change; lists are ordered by it.</summary>
    public DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ArchivedAt { get; set; }

    /// <summary>When it expires; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>The kinds of conversations.</summary>
public static class ConversationKind
{
    /// <summary>Listed for its owner.</summary>
    public const string Chat = "chat";

    /// <summary>
    /// A program's request, which is not listed. Its log is as durable as any other; the conversation is deleted when it expires.
    /// </summary>
    public const string Completion = "completion";
}

/// <summary>A message that is stored now and answered later: its generation starts when the session is first followed.</summary>
public sealed class ChatSession
{
    public required string Id { get; init; }
    public required string TenantId { get; init; }
    public required string OwnerId { get; init; }

    /// <summary><see cref="ChatSessionKind"/>.</summary>
    public required string Kind { get; init; }
    public required string ConversationId { get; init; }

    /// <summary>The person's message that is to be answered.</summary>
    public required string MessageId { get; init; }
    public required string Model { get; init; }
    public string? ProjectId { get; init; }
    public string? TaskId { get; init; }

    /// <summary>The generation; null until it is started.</summary>
    public string? GenerationId { get; set; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The generation can be started until then. A session whose generation has started is kept longer.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Whether its generation has started, or still can.</summary>
    public bool IsAlive(DateTimeOffset now) => GenerationId is not null || ExpiresAt > now;
}

/// <summary>The routes that create sessions.</summary>
public static class ChatSessionKind
{
    /// <summary><c>POST /chat/start</c>.</summary>
    public const string Session = "session";

    /// <summary><c>POST /chat-stream/create</c>: its id is a stream id.</summary>
    public const string Stream = "stream";
}

/// <summary>The statuses of messages and generations.</summary>
public static class MessageStatus
{
    /// <summary>The status of a message that no model wrote.</summary>
    public const string Complete = "complete";

    /// <summary>
    /// The status of an answer whose generation is running; all others are names of
    /// <see cref="Parley.Streaming.Generations.GenerationStatus"/>.
    /// </summary>
    public const string Running = "running";
}

/// <summary>One message. The text of an answer is stored here when its generation ends; until then it is in the log.</summary>
public sealed class Message
{
    public required string Id { get; init; }
    public required string TenantId { get; init; }
    public required string OwnerId { get; init; }
    public required string ConversationId { get; init; }
    public string? ParentId { get; set; }

    /// <summary>The client's own name for it, or null. The versions of an edited message share it.</summary>
    public string? ExternalId { get; init; }

    /// <summary>Order of creation within the conversation, from 1.</summary>
    public int Sequence { get; set; }
    public required string Role { get; init; }

    /// <summary>The text of all text parts, joined.</summary>
    public required string Content { get; set; }

    /// <summary>The rest of a folded log; see <see cref="MessageParts"/>. Null for a message that no model wrote.</summary>
    public string? Parts { get; set; }
    public required string Status { get; set; }
    public string? Model { get; init; }
    public string? GenerationId { get; init; }
    public string? FinishReason { get; set; }
    public long? InputTokens { get; set; }
    public long? OutputTokens { get; set; }
    public long? CachedInputTokens { get; set; }
    public long? ReasoningTokens { get; set; }
    public bool UsageEstimated { get; set; }
    public string? ErrorCode { get; set; }
    public string? ErrorMessage { get; set; }
    public bool ErrorRetryable { get; set; }

    /// <summary>Of a stopped answer: the last position that the client had displayed.</summary>
    public long? StoppedAt { get; set; }
    public string? Metadata { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; set; }
}

/// <summary>One attempt to produce one answer: its state, and the node that owns its log.</summary>
public sealed class Generation
{
    /// <summary>Short key, for the tables of the log.</summary>
    public long Key { get; init; }
    public required string Id { get; init; }
    public required string TenantId { get; init; }
    public required string OwnerId { get; init; }
    public required string ConversationId { get; init; }
    public required string MessageId { get; init; }
    public required string Model { get; init; }
    public required string Status { get; set; }
    public required string NodeId { get; set; }
    public int Epoch { get; set; }
    public int Adoptions { get; set; }

    /// <summary>The position after the last entry; null until it has ended.</summary>
    public long? EndPosition { get; set; }

    /// <summary>The generation whose answer this one continues, and the position that it continues from.</summary>
    public string? ContinuesId { get; init; }
    public long? ContinuesTo { get; init; }

    /// <summary>What the client requested beyond the conversation, as a <see cref="StoredRequest"/>; null for nothing.</summary>
    public string? Request { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>The idempotency key of a request that started a generation.</summary>
public sealed class IdempotencyKey
{
    public required string OwnerId { get; init; }
    public required string Key { get; init; }
    public required string Fingerprint { get; init; }
    public required string GenerationId { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A server process, and the end of its lease on the generations that it runs.</summary>
public sealed class Node
{
    public required string Id { get; init; }
    public long LeaseUntil { get; set; }
}

/// <summary>A part of the log of a running generation.</summary>
public sealed class GenerationSegment
{
    public long Id { get; init; }
    public long GenerationKey { get; init; }

    /// <summary>The position of its first byte.</summary>
    public long Start { get; init; }
    public required byte[] Bytes { get; init; }

    /// <summary>Its control entries, in order, as JSON.</summary>
    public required string Controls { get; init; }

    /// <summary>The part that is open at its start, as JSON.</summary>
    public string? Open { get; init; }
}

/// <summary>One group commit: what all generations appended in it. Deleted once it has been copied into segments.</summary>
public sealed class JournalBatch
{
    public long Id { get; init; }
    public required byte[] Slices { get; init; }
}
