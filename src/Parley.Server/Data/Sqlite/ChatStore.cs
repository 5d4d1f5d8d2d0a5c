using Microsoft.EntityFrameworkCore;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sqlite;

/// <summary>The writes that carry a rule. Each is one transaction; reads go straight to the context.</summary>
public sealed class ChatStore(SqliteWriter writer, SqliteGenerationStore generations, NodeIdentity node)
{
    private readonly AnswerStarts _starts = new(node);

    /// <summary>Stores the beginning of an answer, once for each idempotency key.</summary>
    public Task<AnswerStartOutcome> StartAnswerAsync(AnswerStart start) => writer.RunAsync(session => _starts.Store(session, start), outcome =>
    {
        if (outcome is AnswerStartOutcome.Started started) generations.Began(new GenerationId(Guid.Parse(start.GenerationId)), started.Key);
    });

    /// <summary>Stores an empty conversation.</summary>
    public Task<Conversation> CreateConversationAsync(Conversation conversation) => writer.RunAsync(session =>
    {
        Users.Ensure(session, conversation.TenantId, conversation.OwnerId, conversation.CreatedAt.ToUnixTimeMilliseconds());
        session.Run(
            """
            INSERT INTO conversations (id, tenant_id, owner_id, title, model, message_count, total_tokens, created_at, updated_at)
            VALUES (@id, @tenant, @owner, @title, @model, 0, 0, @now, @now)
            """,
            ("@id", conversation.Id), ("@tenant", conversation.TenantId), ("@owner", conversation.OwnerId), ("@title", conversation.Title), ("@model", conversation.Model),
            ("@now", conversation.CreatedAt.ToUnixTimeMilliseconds()));
        return conversation;
    });

    /// <summary>Gives a conversation another title. False when its owner has no such conversation.</summary>
    public Task<bool> RenameAsync(string tenantId, string ownerId, string id, string title, DateTimeOffset now) => writer.RunAsync((ParleyDbContext db) =>
        db.Conversations.Where(row => row.Id == id && row.TenantId == tenantId && row.OwnerId == ownerId)
            .ExecuteUpdate(set => set.SetProperty(row => row.Title, title)) > 0);

    /// <summary>Deletes a conversation with all that belongs to it, and fences what still runs in it: those generations are returned. Null when its owner has no such conversation.</summary>
    public async Task<IReadOnlyList<GenerationId>?> DeleteAsync(string tenantId, string ownerId, string id)
    {
        var running = await writer.RunAsync((ParleyDbContext db) =>
        {
            var ids = db.Generations.Where(row => row.ConversationId == id && row.OwnerId == ownerId && row.Status == "running").Select(row => row.Id).ToList();
            var deleted = db.Conversations.Where(row => row.Id == id && row.TenantId == tenantId && row.OwnerId == ownerId).ExecuteDelete() > 0;
            return deleted ? ids : null;
        });
        if (running is null) return null;
        List<GenerationId> fenced = [.. running.Select(text => new GenerationId(Guid.Parse(text)))];
        generations.Forget(fenced);
        return fenced;
    }

    /// <summary>Adds a message that no model wrote, under <paramref name="message"/>'s parent. Its sequence is given here. Null when the conversation or the parent is not there.</summary>
    public Task<Message?> AddMessageAsync(Message message, bool underNewest) => writer.RunAsync(session =>
    {
        var found = session.Query(
            """
            SELECT message_count, active_message_id, title FROM conversations WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner
            AND (@parent IS NULL OR EXISTS (SELECT 1 FROM messages WHERE id = @parent AND conversation_id = @id))
            """,
            row => (Count: row.GetInt32(0), Active: row.IsDBNull(1) ? null : row.GetString(1), Title: row.GetString(2)),
            ("@id", message.ConversationId), ("@tenant", message.TenantId), ("@owner", message.OwnerId), ("@parent", message.ParentId));
        if (found.Count == 0) return null;
        var parent = underNewest ? found[0].Active : message.ParentId;
        var sequence = found[0].Count + 1;
        var now = message.CreatedAt.ToUnixTimeMilliseconds();
        session.Run(
            """
            INSERT INTO messages (id, tenant_id, owner_id, conversation_id, parent_id, sequence, role, content, status, usage_estimated, error_retryable, created_at)
            VALUES (@id, @tenant, @owner, @conversation, @parent, @sequence, @role, @content, 'complete', 0, 0, @now)
            """,
            ("@id", message.Id), ("@tenant", message.TenantId), ("@owner", message.OwnerId), ("@conversation", message.ConversationId), ("@parent", parent), ("@sequence", sequence),
            ("@role", message.Role), ("@content", message.Content), ("@now", now));
        session.Run(
            """
            UPDATE conversations SET message_count = @sequence, active_message_id = @message, updated_at = @now, last_message_at = @now, last_message_preview = @preview,
                title = CASE WHEN @sequence = 1 AND title = @untitled AND @role = 'user' THEN @title ELSE title END
            WHERE id = @id
            """,
            ("@sequence", sequence), ("@message", message.Id), ("@now", now), ("@preview", MessageText.Preview(message.Content)), ("@untitled", MessageText.Title("")), ("@role", message.Role),
            ("@title", MessageText.Title(message.Content)), ("@id", message.ConversationId));
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
            CreatedAt = message.CreatedAt,
        };
    });
}
