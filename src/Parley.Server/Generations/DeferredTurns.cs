using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Data.Sqlite;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;
using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>Turns that wait to be answered: they are stored first, and answered when somebody follows them for the first time.</summary>
public sealed class DeferredTurns(
    ChatStore store,
    SqliteDatabase database,
    GenerationStarter starter,
    ReplyTargets places,
    ConversationHistory history,
    ModelRouter router,
    TimeProvider time
)
{
    /// <summary>Stores a turn. Null with the problem when its conversation is busy or gone.</summary>
    /// <param name="user">Who asks.</param>
    /// <param name="turn">What is asked.</param>
    /// <param name="route">Of which model.</param>
    public async Task<(ChatSession? Session, Problem? Problem)> StoreAsync(CurrentUser user, DeferredTurn turn, ModelRoute route)
    {
        var now = time.GetUtcNow();
        var at = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        var place = turn.Conversation is null ? null : places.Find(user, turn.Conversation, null);
        if (place is { ParentIsRunning: true })
        {
            return (
                null,
                Problems.Of(
                    StatusCodes.Status409Conflict,
                    "answer_running",
                    "The answer before this message is still being written. Wait for it, or stop it."
                )
            );
        }

        Conversation? created = place is not null
            ? null
            : new Conversation
            {
                Id = Guid.CreateVersion7(now).ToString(),
                TenantId = user.TenantId,
                OwnerId = user.Id,
                ExternalId = turn.Conversation,
                Title = turn.Title ?? MessageText.Title(""),
                Model = route.Id,
                CreatedAt = at,
            };
        var conversation = place?.ConversationId ?? created!.Id;
        var message = new Message
        {
            Id = Guid.CreateVersion7(now).ToString(),
            TenantId = user.TenantId,
            OwnerId = user.Id,
            ConversationId = conversation,
            Role = "user",
            Content = turn.Prompt,
            Status = "complete",
            CreatedAt = at,
        };
        var session = new ChatSession
        {
            Id = turn.Id ?? Guid.CreateVersion7(now).ToString(),
            TenantId = user.TenantId,
            OwnerId = user.Id,
            Kind = turn.Kind,
            ConversationId = conversation,
            MessageId = message.Id,
            Model = route.Id,
            ProjectId = turn.ProjectId,
            TaskId = turn.TaskId,
            CreatedAt = at,
            ExpiresAt = at + turn.Lifetime,
        };
        return await store.StartSessionAsync(session, created, message)
            ? (session, null)
            : (
                null,
                Problems.Of(
                    StatusCodes.Status409Conflict,
                    "conversation_changed",
                    "This conversation has changed in this moment. Try again."
                )
            );
    }

    /// <summary>The session, or null when it is missing, of another kind, or somebody else's.</summary>
    public ChatSession? Find(CurrentUser? user, string? id, string kind)
    {
        if (user is null || !Guid.TryParseExact(id, "D", out _))
        {
            return null;
        }

        using var session = database.OpenReader();
        var found = session.Query(
            """
            SELECT id, conversation_id, message_id, model, generation_id, created_at, expires_at FROM chat_sessions
            WHERE id = @id AND kind = @kind AND tenant_id = @tenant AND owner_id = @owner
            """,
            row => new ChatSession
            {
                Id = row.GetString(0),
                TenantId = user.TenantId,
                OwnerId = user.Id,
                Kind = kind,
                ConversationId = row.GetString(1),
                MessageId = row.GetString(2),
                Model = row.GetString(3),
                GenerationId = row.IsDBNull(4) ? null : row.GetString(4),
                CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
                ExpiresAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)),
            },
            ("@id", id),
            ("@kind", kind),
            ("@tenant", user.TenantId),
            ("@owner", user.Id)
        );
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>Whether it can still be begun, or has been.</summary>
    public bool IsAlive(ChatSession session) => session.GenerationId is not null || session.ExpiresAt > time.GetUtcNow();

    /// <summary>Begins the answer, or attaches to it when somebody else was first.</summary>
    public async Task<IResult> BeginAsync(HttpContext http, CurrentUser user, ChatSession session, ResponseMode shape)
    {
        if (router.Resolve(session.Model) is not { } route)
        {
            return ModelProblems.NotFound(session.Model);
        }

        var now = time.GetUtcNow();
        var start = new StartRequest
        {
            TenantId = user.TenantId,
            OwnerId = user.Id,
            Now = now,
            ConversationId = session.ConversationId,
            IsNewConversation = false,
            ParentId = session.MessageId,
            UserMessageId = "",
            MessageId = Guid.CreateVersion7(now).ToString(),
            GenerationId = Guid.CreateVersion7(now).ToString(),
            Model = route.Id,
            SessionId = session.Id,
            Fingerprint = "",
        };
        return await starter.StartAsync(http, user, start, route, history.Load(session.ConversationId, session.MessageId), null, shape);
    }
}

/// <summary>A turn to be stored and answered later.</summary>
/// <param name="Kind"><see cref="ChatSessionKind"/>.</param>
/// <param name="Prompt">What the person wrote.</param>
/// <param name="Lifetime">How long its answer may wait to be begun.</param>
/// <param name="Conversation">Its conversation, by id or by the client's name for it; one of that name begins where there is none.</param>
/// <param name="Title">The title of a new conversation.</param>
/// <param name="ProjectId">A label.</param>
/// <param name="TaskId">A label.</param>
/// <param name="Id">The session's id, where the same request must not store a second one; a new id otherwise.</param>
public sealed record DeferredTurn(
    string Kind,
    string Prompt,
    TimeSpan Lifetime,
    string? Conversation = null,
    string? Title = null,
    string? ProjectId = null,
    string? TaskId = null,
    string? Id = null
);
