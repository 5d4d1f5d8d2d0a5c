using Parley.Server.Data.Model;

namespace Parley.Server.Data.Sql;

public sealed partial class ChatStore
{
    /// <summary>
    /// Stores a message that is answered later: its conversation if that is new, the message under the newest one, and the session. If a
    /// session with the turn's id exists, it is returned unchanged.
    /// </summary>
    public Task<(ChatSession? Session, StartRefusal? Refusal)> StoreTurnAsync(Owner owner, DeferredTurn turn, DateTimeOffset now)
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        return database.WriteAsync(owner, session => StoreTurnAsync(session, owner, turn, at));
    }

    private async ValueTask<(ChatSession? Session, StartRefusal? Refusal)> StoreTurnAsync(
        SqlSession session,
        Owner owner,
        DeferredTurn turn,
        DateTimeOffset now
    )
    {
        var reads = new ChatReads(session);
        if (turn.Id is { } id)
        {
            await session.LockAsync($"{owner.UserId}\n{id}");
            if (await reads.SessionAsync(id, turn.Kind) is { } stored)
            {
                return (stored, null);
            }
        }

        if (turn.Conversation is { } name)
        {
            await ChatRows.LockAsync(session, database.Dialect, name);
        }

        var target = turn.Conversation is null ? null : await reads.TargetAsync(turn.Conversation, null);
        if (target is { ParentIsRunning: true })
        {
            return (null, StartRefusal.AnswerRunning);
        }

        var conversationId = target?.ConversationId ?? NewId(now);
        if (target is null)
        {
            var conversation = new Conversation
            {
                Id = conversationId,
                TenantId = owner.TenantId,
                OwnerId = owner.UserId,
                ExternalId = turn.Conversation,
                Title = turn.Title ?? MessageText.Title(""),
                Model = turn.Model,
                CreatedAt = now,
                UpdatedAt = now,
            };
            await ChatRows.EnsureUserAsync(session, now);
            if (!await ChatRows.InsertAsync(session, conversation))
            {
                return (null, StartRefusal.ConversationChanged);
            }
        }

        var message = new Message
        {
            Id = NewId(now),
            TenantId = owner.TenantId,
            OwnerId = owner.UserId,
            ConversationId = conversationId,
            Role = "user",
            Content = turn.Prompt,
            Status = MessageStatus.Complete,
            CreatedAt = now,
        };
        if (await AddAsync(session, message, underNewest: true) is null)
        {
            return (null, StartRefusal.ConversationChanged);
        }

        var waiting = new ChatSession
        {
            Id = turn.Id ?? NewId(now),
            TenantId = owner.TenantId,
            OwnerId = owner.UserId,
            Kind = turn.Kind,
            ConversationId = conversationId,
            MessageId = message.Id,
            Model = turn.Model,
            ProjectId = turn.ProjectId,
            TaskId = turn.TaskId,
            CreatedAt = now,
            ExpiresAt = now + turn.Lifetime,
        };
        await session.AddAsync(
            """
            INSERT INTO chat_sessions (id, tenant_id, owner_id, kind, conversation_id, message_id, model, project_id, task_id, created_at, expires_at)
            VALUES (@id, @tenant, @owner, @kind, @conversation, @message, @model, @project, @task, @now, @expires)
            """,
            ("@id", waiting.Id),
            ("@kind", waiting.Kind),
            ("@conversation", waiting.ConversationId),
            ("@message", waiting.MessageId),
            ("@model", waiting.Model),
            ("@project", waiting.ProjectId),
            ("@task", waiting.TaskId),
            ("@now", waiting.CreatedAt.ToUnixTimeMilliseconds()),
            ("@expires", waiting.ExpiresAt.ToUnixTimeMilliseconds())
        );
        return (waiting, null);
    }
}
