using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Data;

/// <summary>
/// A request for a generation. Each kind of request is a subclass; all of them are carried out by <see cref="ChatStore.StartAsync"/>, whose one transaction asks
/// <see cref="DecideAsync"/> what to store.
/// </summary>
public abstract record StartCommand
{
    /// <summary>Who asks, and owns what is stored.</summary>
    public required Owner Owner { get; init; }

    /// <summary>When the request came.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>A hash of what was asked, which tells a retry from another request under the same idempotency key.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The client's name for this request, if it gave one: the same key starts one generation only.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Chooses the model, given the one that the conversation was last held with (null for a new conversation). Null where there is no such model: then nothing is started.</summary>
    public required Func<string?, string?> ChooseModel { get; init; }

    /// <summary>What is asked beyond the messages of the conversation; null for nothing.</summary>
    public StoredRequest? Request { get; init; }

    /// <summary>Commands with the same name run one after the other; null where that does not matter.</summary>
    public virtual string? LockName => IdempotencyKey;

    /// <summary>Decides what to do, with what is stored at this moment. It may run more than once, changes nothing, and awaits <paramref name="reads"/> alone.</summary>
    public abstract ValueTask<StartDecision> DecideAsync(ChatReads reads);
}

/// <summary>What a <see cref="StartCommand"/> wants to happen.</summary>
public abstract record StartDecision
{
    /// <summary>Start a generation that begins a conversation.</summary>
    public sealed record Begin(NewConversation Conversation) : StartDecision
    {
        /// <summary>The person's message; null when all messages are in the request.</summary>
        public NewMessage? Message { get; init; }
    }

    /// <summary>Start a generation in a conversation.</summary>
    /// <param name="ConversationId">The conversation.</param>
    /// <param name="ParentId">The message to answer, or to put <see cref="Message"/> under; null at the root.</param>
    public sealed record Reply(string ConversationId, string? ParentId) : StartDecision
    {
        /// <summary>The person's message; null when an existing one is answered.</summary>
        public NewMessage? Message { get; init; }

        /// <summary>The model to use when the command names none: that of the conversation or of the first answer.</summary>
        public string? DefaultModel { get; init; }

        /// <summary>The client's name for the answer, where it replaces one that the client shows.</summary>
        public string? AnswerName { get; init; }

        /// <summary>The answer to continue.</summary>
        public ContinuedAnswer? Continues { get; init; }

        /// <summary>What is asked beyond the conversation, where that is not the command's request.</summary>
        public StoredRequest? Request { get; init; }

        /// <summary>The session that is answered, once.</summary>
        public string? SessionId { get; init; }
    }

    /// <summary>Follow a generation that was started before.</summary>
    public sealed record Attach(string GenerationId) : StartDecision;

    /// <summary>Stop a running generation, and then decide again.</summary>
    public sealed record StopFirst(string GenerationId) : StartDecision;

    /// <summary>Do nothing.</summary>
    public sealed record Refuse(StartRefusal Refusal) : StartDecision;
}

/// <summary>A conversation to begin.</summary>
/// <param name="Name">The client's name for it, if it has one.</param>
/// <param name="Kind"><see cref="Model.ConversationKind"/>.</param>
/// <param name="ExpiresAt">When it may be deleted; null: never.</param>
/// <param name="Earlier">What was said before, as the client tells it.</param>
public sealed record NewConversation(string? Name, string Kind, DateTimeOffset? ExpiresAt, IReadOnlyList<EarlierMessage> Earlier);

/// <summary>A message of a person.</summary>
/// <param name="Text">What they wrote.</param>
/// <param name="Name">The client's name for it, if it has one.</param>
public sealed record NewMessage(string Text, string? Name = null);

/// <summary>A message that a client brings along when it begins a conversation.</summary>
public sealed record EarlierMessage(string Role, string Content, string? Name = null);

/// <summary>An answer that another one continues.</summary>
/// <param name="GenerationId">Its generation.</param>
/// <param name="MessageId">Its message.</param>
/// <param name="Position">Where it ends for this purpose.</param>
/// <param name="Log">What the new answer begins with.</param>
public sealed record ContinuedAnswer(string GenerationId, string MessageId, long Position, LogSnapshot Log);

/// <summary>Why a generation is not started.</summary>
/// <param name="Kind">Whose fault it is.</param>
/// <param name="Code">Stable, for programs.</param>
/// <param name="Detail">A sentence that a person can act on.</param>
/// <param name="Field">The member at fault.</param>
public sealed record StartRefusal(RefusalKind Kind, string Code, string Detail, string? Field = null)
{
    public static StartRefusal NotFound(string what) => new(RefusalKind.NotFound, "not_found", what);

    /// <summary>The answer before the message is still being written.</summary>
    public static StartRefusal AnswerRunning { get; } =
        new(RefusalKind.Conflict, "answer_running", "The answer before this message is still being written. Wait for it, or stop it.");

    /// <summary>The answer to regenerate or to continue is still being written.</summary>
    public static StartRefusal ThisAnswerRunning { get; } =
        new(RefusalKind.Conflict, "answer_running", "This answer is still being written. Wait for it, or stop it.");

    /// <summary>Another request has begun the conversation of this name at the same moment.</summary>
    public static StartRefusal ConversationBegun { get; } =
        new(RefusalKind.Conflict, "answer_running", "This conversation has just begun with another message. Wait for its answer.");

    /// <summary>The conversation was changed or deleted while the request was processed.</summary>
    public static StartRefusal ConversationChanged { get; } =
        new(RefusalKind.Conflict, "conversation_changed", "The conversation changed while this request was processed. Try again.");

    /// <summary>The idempotency key was used for another request.</summary>
    public static StartRefusal KeyReused { get; } =
        new(RefusalKind.KeyReused, "idempotency_key_reused", "This Idempotency-Key was used for another request. Use a new one.");

    /// <summary>The model can't be asked.</summary>
    public static StartRefusal ModelNotFound(string? model) =>
        new(
            RefusalKind.Invalid,
            "model_not_found",
            $"There is no model \"{(model is { Length: > 64 } ? model[..64] + "…" : model)}\". GET /api/v1/models lists the available models.",
            "model"
        );

    /// <summary>There is nothing to continue.</summary>
    public static StartRefusal AnswerComplete { get; } =
        new(RefusalKind.Conflict, "answer_complete", "This answer is complete: there is nothing to continue.");
}

/// <summary>The kinds of <see cref="StartRefusal"/>.</summary>
public enum RefusalKind
{
    /// <summary>The request is wrong.</summary>
    Invalid,

    /// <summary>What it names does not exist for this owner; the detail says what.</summary>
    NotFound,

    /// <summary>It does not fit what is stored now.</summary>
    Conflict,

    /// <summary>It is too large.</summary>
    TooLarge,

    /// <summary>Its idempotency key was used for another request.</summary>
    KeyReused,
}

/// <summary>What became of a <see cref="StartCommand"/>.</summary>
public abstract record StartResult
{
    /// <summary>It is stored; the generation may run, under epoch 1.</summary>
    public sealed record Started(StartedGeneration Generation) : StartResult;

    /// <summary>The same request had started this generation before, or it was what the request asked for. Nothing was stored.</summary>
    public sealed record Attached(OwnedGeneration Generation) : StartResult;

    /// <summary>A generation must be stopped first. Nothing was stored.</summary>
    public sealed record StopFirst(GenerationId Id) : StartResult;

    /// <summary>Nothing was stored.</summary>
    public sealed record Refused(StartRefusal Refusal) : StartResult;

    /// <summary>There was no slot for one more generation. Nothing was stored.</summary>
    public sealed record NotAdmitted : StartResult;
}
