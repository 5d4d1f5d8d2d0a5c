using Parley.Streaming.Generations;

namespace Parley.Server.Data.Model;

/// <summary>A user. Anonymous until they sign up.</summary>
public sealed class User
{
    public required string Id { get; init; }
    public required string TenantId { get; init; }
    public required string Kind { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A conversation: a tree of messages, of which the path to <see cref="ActiveMessageId"/> is shown.</summary>
public sealed class Conversation
{
    public required string Id { get; init; }
    public required string TenantId { get; init; }
    public required string OwnerId { get; init; }

    /// <summary>The client's own name for it, if it has one: unique for its owner.</summary>
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

    /// <summary>When something last happened in it; what lists are ordered by.</summary>
    public DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ArchivedAt { get; set; }

    /// <summary>When it may be deleted; null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>What a conversation is.</summary>
public static class ConversationKind
{
    /// <summary>One that its owner sees in lists.</summary>
    public const string Chat = "chat";

    /// <summary>A request of a program that is not to be listed: its log is as durable as any other, and it is deleted some time after its end.</summary>
    public const string Completion = "completion";
}

/// <summary>A message that was stored to be answered later: its generation starts when it is first followed.</summary>
public sealed class ChatSession
{
    public required string Id { get; init; }
    public required string TenantId { get; init; }
    public required string OwnerId { get; init; }

    /// <summary><see cref="ChatSessionKind"/>.</summary>
    public required string Kind { get; init; }
    public required string ConversationId { get; init; }

    /// <summary>The person's message, to be answered.</summary>
    public required string MessageId { get; init; }
    public required string Model { get; init; }
    public string? ProjectId { get; init; }
    public string? TaskId { get; init; }

    /// <summary>The generation; null until it is started.</summary>
    public string? GenerationId { get; set; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Until when the generation can be started. A session whose generation has started outlives it.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Its answer has been started, or still can be.</summary>
    public bool IsAlive(DateTimeOffset now) => GenerationId is not null || ExpiresAt > now;
}

/// <summary>Who made a session.</summary>
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
    /// <summary>Of a message that no model wrote.</summary>
    public const string Complete = "complete";

    /// <summary>Of an answer that is still being written; all others are the names of <see cref="Parley.Streaming.Generations.GenerationStatus"/>.</summary>
    public const string Running = "running";
}

/// <summary>One message. An answer's text is written when its generation ends; until then the log has it.</summary>
public sealed class Message
{
    public required string Id { get; init; }
    public required string TenantId { get; init; }
    public required string OwnerId { get; init; }
    public required string ConversationId { get; init; }
    public string? ParentId { get; set; }

    /// <summary>The client's own name for it. The versions of an edited message share it.</summary>
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

    /// <summary>Of a stopped answer: the position up to which it was seen.</summary>
    public long? StoppedAt { get; set; }
    public string? Metadata { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; set; }
}

/// <summary>One run that writes one answer: the owner of its log, and its state.</summary>
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

    /// <summary>The position after the last entry; known once it has ended.</summary>
    public long? EndPosition { get; set; }

    /// <summary>The generation whose answer this one continues, and the position up to which it does.</summary>
    public string? ContinuesId { get; init; }
    public long? ContinuesTo { get; init; }

    /// <summary>What was asked beyond the conversation, as an <see cref="StoredRequest"/>; null when that is all.</summary>
    public string? Request { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>A client's name for a request that started a generation. Never deleted, so that a retry never starts a second one.</summary>
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

    /// <summary>The part that is open where it begins, as JSON.</summary>
    public string? Open { get; init; }
}

/// <summary>One group commit: what all generations appended in it. Emptied whenever it has been copied into segments.</summary>
public sealed class JournalBatch
{
    public long Id { get; init; }
    public required byte[] Slices { get; init; }
}
