using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Data;

/// <summary>
/// A request for a generation. Each kind of request is a subclass; <see cref="ChatStore.StartAsync"/> executes all of them, in one
/// transaction that calls <see cref="DecideAsync"/> to decide what to store.
/// </summary>
public abstract record StartCommand
{
    /// <summary>The caller, who owns what is stored.</summary>
    public required Owner Owner { get; init; }

    /// <summary>The time of the request.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>A hash of the request, which distinguishes a retry from a different request with the same idempotency key.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The idempotency key, or null: the same key starts only one generation.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// Chooses the model, given the conversation's model (null for a new conversation). Null when it does not exist: then nothing is
    /// started.
    /// </summary>
    public required Func<string?, string?> ChooseModel { get; init; }

    /// <summary>What the client requests beyond the conversation; null for nothing.</summary>
    public StoredRequest? Request { get; init; }

    /// <summary>Commands with the same name are serialized; null when that is not needed.</summary>
    public virtual string? LockName => IdempotencyKey;

    /// <summary>
    /// The conversation to lock before the decision, by id or by the client's name for it, so that commands for one conversation are
    /// serialized. Null for a new conversation, and where the decision does not depend on what may change.
    /// </summary>
    public virtual string? LockConversation => null;

    /// <summary>
    /// Decides what to do, from what is stored now. It may run more than once, changes nothing, and awaits only <paramref name="reads"/>.
    /// </summary>
    public abstract ValueTask<StartDecision> DecideAsync(ChatReads reads);
}

/// <summary>The decision of a <see cref="StartCommand"/>.</summary>
public abstract record StartDecision
{
    /// <summary>Start a generation that begins a conversation.</summary>
    public sealed record Begin(NewConversation Conversation) : StartDecision
    {
        /// <summary>The person's message; null when the request contains all messages.</summary>
        public NewMessage? Message { get; init; }
    }

    /// <summary>Start a generation in a conversation.</summary>
    /// <param name="ConversationId">The conversation.</param>
    /// <param name="ParentId">The message to answer, or the parent of <see cref="Message"/>; null at the root.</param>
    public sealed record Reply(string ConversationId, string? ParentId) : StartDecision
    {
        /// <summary>The person's message; null when an existing one is answered.</summary>
        public NewMessage? Message { get; init; }

        /// <summary>The model to use when the command names none: that of the conversation or of the first answer.</summary>
        public string? DefaultModel { get; init; }

        /// <summary>The client's name for the answer, if it replaces one that the client shows.</summary>
        public string? AnswerName { get; init; }

        /// <summary>The answer to continue.</summary>
        public ContinuedAnswer? Continues { get; init; }

        /// <summary>Replaces the command's request; null to use that.</summary>
        public StoredRequest? Request { get; init; }

        /// <summary>The session that is answered, or null.</summary>
        public string? SessionId { get; init; }
    }

    /// <summary>Attach to a generation that was started earlier.</summary>
    public sealed record Attach(string GenerationId) : StartDecision;

    /// <summary>Stop a running generation, then decide again.</summary>
    public sealed record StopFirst(string GenerationId) : StartDecision;

    /// <summary>Do nothing.</summary>
    public sealed record Refuse(StartRefusal Refusal) : StartDecision;
}

/// <summary>A conversation to begin.</summary>
/// <param name="Name">The client's name for it, if it has one.</param>
/// <param name="Kind"><see cref="Model.ConversationKind"/>.</param>
/// <param name="ExpiresAt">When it expires; null for never.</param>
/// <param name="Earlier">The earlier messages of the client's history.</param>
public sealed record NewConversation(string? Name, string Kind, DateTimeOffset? ExpiresAt, IReadOnlyList<EarlierMessage> Earlier);

/// <summary>A message of a person.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Name">The client's name for it, if it has one.</param>
public sealed record NewMessage(string Text, string? Name = null);

/// <summary>An earlier message in the history of a client that begins a conversation.</summary>
public sealed record EarlierMessage(string Role, string Content, string? Name = null);

/// <summary>An answer that another one continues.</summary>
/// <param name="GenerationId">Its generation.</param>
/// <param name="MessageId">Its message.</param>
/// <param name="Position">The position to continue from.</param>
/// <param name="Log">Its log up to that position.</param>
public sealed record ContinuedAnswer(string GenerationId, string MessageId, long Position, LogSnapshot Log);

/// <summary>Why a generation is not started.</summary>
/// <param name="Kind">The kind of refusal.</param>
/// <param name="Code">The error code.</param>
/// <param name="Detail">A sentence that a person can act on.</param>
/// <param name="Field">The invalid member, or null.</param>
public sealed record StartRefusal(RefusalKind Kind, string Code, string Detail, string? Field = null)
{
    public static StartRefusal NotFound(string what) => new(RefusalKind.NotFound, "not_found", what);

    /// <summary>The generation of the parent message is running.</summary>
    public static StartRefusal AnswerRunning { get; } =
        new(RefusalKind.Conflict, "answer_running", "The answer before this message is still being written. Wait for it, or stop it.");

    /// <summary>The generation to retry or continue is running.</summary>
    public static StartRefusal ThisAnswerRunning { get; } =
        new(RefusalKind.Conflict, "answer_running", "This answer is still being written. Wait for it, or stop it.");

    /// <summary>A concurrent request has begun a conversation with this name.</summary>
    public static StartRefusal ConversationBegun { get; } =
        new(RefusalKind.Conflict, "answer_running", "This conversation has just begun with another message. Wait for its answer.");

    /// <summary>The conversation was changed or deleted while the request was processed.</summary>
    public static StartRefusal ConversationChanged { get; } =
        new(RefusalKind.Conflict, "conversation_changed", "The conversation changed while this request was processed. Try again.");

    /// <summary>The idempotency key was used for another request.</summary>
    public static StartRefusal KeyReused { get; } =
        new(RefusalKind.KeyReused, "idempotency_key_reused", "This Idempotency-Key was used for another request. Use a new one.");

    /// <summary>The model does not exist.</summary>
    public static StartRefusal ModelNotFound(string? model) =>
        new(
            RefusalKind.Invalid,
            "model_not_found",
            $"There is no model \"{(model is { Length: > 64 } ? model[..64] + "…" : model)}\". GET /api/v1/models lists the available models.",
            "model"
        );

    /// <summary>The answer is complete, so there is nothing to continue.</summary>
    public static StartRefusal AnswerComplete { get; } =
        new(RefusalKind.Conflict, "answer_complete", "This answer is complete: there is nothing to continue.");
}

/// <summary>The kinds of <see cref="StartRefusal"/>.</summary>
public enum RefusalKind
{
    /// <summary>The request is invalid.</summary>
    Invalid,

    /// <summary>Something that it refers to does not exist for this owner; the detail names it.</summary>
    NotFound,

    /// <summary>It conflicts with the current state.</summary>
    Conflict,

    /// <summary>It is too large.</summary>
    TooLarge,

    /// <summary>Its idempotency key was used for another request.</summary>
    KeyReused,
}

/// <summary>The result of a <see cref="StartCommand"/>.</summary>
public abstract record StartResult
{
    /// <summary>The generation is stored, and may run under epoch 1.</summary>
    public sealed record Started(StartedGeneration Generation) : StartResult;

    /// <summary>An earlier request had already started this generation. Nothing was stored.</summary>
    public sealed record Attached(OwnedGeneration Generation) : StartResult;

    /// <summary>A generation must be stopped first. Nothing was stored.</summary>
    public sealed record StopFirst(GenerationId Id) : StartResult;

    /// <summary>The request is refused. Nothing was stored.</summary>
    public sealed record Refused(StartRefusal Refusal) : StartResult;

    /// <summary>No slot was free. Nothing was stored.</summary>
    public sealed record NotAdmitted : StartResult;
}
