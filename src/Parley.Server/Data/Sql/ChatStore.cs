using Microsoft.EntityFrameworkCore;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sqlite;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>The writes that carry a rule. Each is one transaction; reads go straight to the context.</summary>
public sealed class ChatStore(SqliteWriter writer, SqliteGenerationStore generations, NodeIdentity node)
{
    private readonly GenerationStarts _starts = new(node);

    /// <summary>Stores the beginning of an answer, once for each idempotency key.</summary>
    public Task<StartResult> StartGenerationAsync(StartRequest start) =>
        writer.RunAsync(
            session => _starts.Store(session, start),
            outcome =>
            {
                if (outcome is StartResult.Started started)
                {
                    generations.Began(new GenerationId(Guid.Parse(start.GenerationId)), started.Key);
                }
            }
        );

    /// <summary>Stores an empty conversation.</summary>
    public Task<Conversation> CreateConversationAsync(Conversation conversation) =>
        writer.RunAsync(session => Insert(session, conversation));

    /// <summary>
    /// Stores a turn that waits to be answered: its conversation where that is new, the person's message under the newest one, and the session. False when the conversation is not (or no longer) there, or has begun
    /// meanwhile, and when the session is there already.
    /// </summary>
    public Task<bool> StartSessionAsync(ChatSession start, Conversation? newConversation, Message message) =>
        writer.RunAsync(session =>
        {
            if (session.Query("SELECT 1 FROM chat_sessions WHERE id = @id", static _ => true, ("@id", start.Id)).Count > 0)
            {
                return false;
            }

            if (
                newConversation is { ExternalId: { } name }
                && session
                    .Query(
                        "SELECT 1 FROM conversations WHERE tenant_id = @tenant AND owner_id = @owner AND external_id = @name",
                        static _ => true,
                        ("@tenant", start.TenantId),
                        ("@owner", start.OwnerId),
                        ("@name", name)
                    )
                    .Count > 0
            )
            {
                return false;
            }

            if (newConversation is not null)
            {
                Insert(session, newConversation);
            }

            if (Add(session, message, underNewest: true) is null)
            {
                return false;
            }

            session.Run(
                """
                INSERT INTO chat_sessions (id, tenant_id, owner_id, kind, conversation_id, message_id, model, project_id, task_id, created_at, expires_at)
                VALUES (@id, @tenant, @owner, @kind, @conversation, @message, @model, @project, @task, @now, @expires)
                """,
                ("@id", start.Id),
                ("@tenant", start.TenantId),
                ("@owner", start.OwnerId),
                ("@kind", start.Kind),
                ("@conversation", start.ConversationId),
                ("@message", start.MessageId),
                ("@model", start.Model),
                ("@project", start.ProjectId),
                ("@task", start.TaskId),
                ("@now", start.CreatedAt.ToUnixTimeMilliseconds()),
                ("@expires", start.ExpiresAt.ToUnixTimeMilliseconds())
            );
            return true;
        });

    /// <summary>Lets a session that waits to be begun expire at once. False when there is no such one, or it has begun or expired.</summary>
    public Task<bool> ExpireSessionAsync(ChatSession waiting, DateTimeOffset now) =>
        writer.RunAsync(session =>
            session.Run(
                "UPDATE chat_sessions SET expires_at = @now WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner AND generation_id IS NULL AND expires_at > @now",
                ("@now", now.ToUnixTimeMilliseconds()),
                ("@id", waiting.Id),
                ("@tenant", waiting.TenantId),
                ("@owner", waiting.OwnerId)
            ) > 0
        );

    /// <summary>
    /// Deletes what has had its time: sessions that were never begun, sessions whose answer was begun more than a day ago, and what programs did not want kept. Returns how many conversations went;
    /// at most <paramref name="most"/> at a time, so that nobody waits for long.
    /// </summary>
    public Task<int> SweepAsync(DateTimeOffset now, int most) =>
        writer.RunAsync(session =>
        {
            var at = now.ToUnixTimeMilliseconds();
            session.Run("DELETE FROM chat_sessions WHERE kind = 'session' AND expires_at <= @now AND generation_id IS NULL", ("@now", at));
            session.Run(
                "DELETE FROM chat_sessions WHERE kind = 'session' AND expires_at <= @before",
                ("@before", now.AddDays(-1).ToUnixTimeMilliseconds())
            );
            var gone = session.Query(
                """
                SELECT id FROM conversations c WHERE expires_at <= @now
                AND NOT EXISTS (SELECT 1 FROM generations g WHERE g.conversation_id = c.id AND g.status = 'running') LIMIT @most
                """,
                row => row.GetString(0),
                ("@now", at),
                ("@most", most)
            );
            foreach (var id in gone)
            {
                session.Run(
                    "DELETE FROM idempotency_keys WHERE generation_id IN (SELECT id FROM generations WHERE conversation_id = @id)",
                    ("@id", id)
                );
                session.Run("DELETE FROM conversations WHERE id = @id", ("@id", id));
            }

            return gone.Count;
        });

    /// <summary>Archives a conversation, or takes it out again. False when its owner has no such conversation.</summary>
    public Task<bool> ArchiveAsync(string tenantId, string ownerId, string id, DateTimeOffset? at) =>
        writer.RunAsync(
            (ParleyDbContext db) =>
                db.Conversations.Where(row => row.Id == id && row.TenantId == tenantId && row.OwnerId == ownerId)
                    .ExecuteUpdate(set => set.SetProperty(row => row.ArchivedAt, at)) > 0
        );

    private static Conversation Insert(SqliteSession session, Conversation conversation)
    {
        Users.Ensure(session, conversation.TenantId, conversation.OwnerId, conversation.CreatedAt.ToUnixTimeMilliseconds());
        session.Run(
            """
            INSERT INTO conversations (id, tenant_id, owner_id, external_id, kind, title, model, message_count, total_tokens, created_at, updated_at, expires_at)
            VALUES (@id, @tenant, @owner, @external, @kind, @title, @model, 0, 0, @now, @now, @expires)
            """,
            ("@id", conversation.Id),
            ("@tenant", conversation.TenantId),
            ("@owner", conversation.OwnerId),
            ("@external", conversation.ExternalId),
            ("@kind", conversation.Kind),
            ("@title", conversation.Title),
            ("@model", conversation.Model),
            ("@now", conversation.CreatedAt.ToUnixTimeMilliseconds()),
            ("@expires", conversation.ExpiresAt?.ToUnixTimeMilliseconds())
        );
        return conversation;
    }

    /// <summary>Gives a conversation another title. False when its owner has no such conversation.</summary>
    public Task<bool> RenameAsync(string tenantId, string ownerId, string id, string title, DateTimeOffset now) =>
        writer.RunAsync(
            (ParleyDbContext db) =>
                db.Conversations.Where(row => row.Id == id && row.TenantId == tenantId && row.OwnerId == ownerId)
                    .ExecuteUpdate(set => set.SetProperty(row => row.Title, title)) > 0
        );

    /// <summary>Deletes a conversation with all that belongs to it, and fences what still runs in it: those generations are returned. Null when its owner has no such conversation.</summary>
    public async Task<IReadOnlyList<GenerationId>?> DeleteAsync(string tenantId, string ownerId, string id)
    {
        var running = await writer.RunAsync(
            (ParleyDbContext db) =>
            {
                var ids = db
                    .Generations.Where(row => row.ConversationId == id && row.OwnerId == ownerId && row.Status == "running")
                    .Select(row => row.Id)
                    .ToList();
                var deleted =
                    db.Conversations.Where(row => row.Id == id && row.TenantId == tenantId && row.OwnerId == ownerId).ExecuteDelete() > 0;
                return deleted ? ids : null;
            }
        );
        if (running is null)
        {
            return null;
        }

        List<GenerationId> fenced = [.. running.Select(text => new GenerationId(Guid.Parse(text)))];
        generations.Forget(fenced);
        return fenced;
    }

    /// <summary>Adds a message that no model wrote, under <paramref name="message"/>'s parent. Its sequence is given here. Null when the conversation or the parent is not there.</summary>
    public Task<Message?> AddMessageAsync(Message message, bool underNewest) =>
        writer.RunAsync(session => Add(session, message, underNewest));

    private static Message? Add(SqliteSession session, Message message, bool underNewest)
    {
        var found = session.Query(
            """
            SELECT message_count, active_message_id, title FROM conversations WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner
            AND (@parent IS NULL OR EXISTS (SELECT 1 FROM messages WHERE id = @parent AND conversation_id = @id))
            """,
            row => (Count: row.GetInt32(0), Active: row.IsDBNull(1) ? null : row.GetString(1), Title: row.GetString(2)),
            ("@id", message.ConversationId),
            ("@tenant", message.TenantId),
            ("@owner", message.OwnerId),
            ("@parent", message.ParentId)
        );
        if (found.Count == 0)
        {
            return null;
        }

        var parent = underNewest ? found[0].Active : message.ParentId;
        var sequence = found[0].Count + 1;
        var now = message.CreatedAt.ToUnixTimeMilliseconds();
        session.Run(
            """
            INSERT INTO messages (id, tenant_id, owner_id, conversation_id, parent_id, external_id, sequence, role, content, status, input_tokens, output_tokens, metadata, usage_estimated,
                error_retryable, created_at)
            VALUES (@id, @tenant, @owner, @conversation, @parent, @external, @sequence, @role, @content, 'complete', @input, @output, @metadata, 0, 0, @now)
            """,
            ("@id", message.Id),
            ("@tenant", message.TenantId),
            ("@owner", message.OwnerId),
            ("@conversation", message.ConversationId),
            ("@parent", parent),
            ("@external", message.ExternalId),
            ("@sequence", sequence),
            ("@role", message.Role),
            ("@content", message.Content),
            ("@input", message.InputTokens),
            ("@output", message.OutputTokens),
            ("@metadata", message.Metadata),
            ("@now", now)
        );
        session.Run(
            """
            UPDATE conversations SET message_count = @sequence, active_message_id = @message, updated_at = @now, total_tokens = total_tokens + @tokens, last_message_at = @now, last_message_preview = @preview,
                title = CASE WHEN title = @untitled AND @role = 'user' AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation_id = @id AND role = 'user' AND id <> @message) THEN @title ELSE title END
            WHERE id = @id
            """,
            ("@sequence", sequence),
            ("@message", message.Id),
            ("@now", now),
            ("@preview", MessageText.Preview(message.Content)),
            ("@untitled", MessageText.Title("")),
            ("@role", message.Role),
            ("@title", MessageText.Title(message.Content)),
            ("@tokens", (message.InputTokens ?? 0) + (message.OutputTokens ?? 0)),
            ("@id", message.ConversationId)
        );
        return new Message
        {
            Id = message.Id,
            TenantId = message.TenantId,
            OwnerId = message.OwnerId,
            ConversationId = message.ConversationId,
            ParentId = parent,
            Sequence = sequence,
            Role = message.Role,
            Content = message.Content,
            Status = "complete",
            ExternalId = message.ExternalId,
            InputTokens = message.InputTokens,
            OutputTokens = message.OutputTokens,
            Metadata = message.Metadata,
            CreatedAt = message.CreatedAt,
        };
    }
}
