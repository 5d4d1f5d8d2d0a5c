using Parley.Server.Data.Model;
using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>Writes conversations, messages and sessions. Each operation is one transaction.</summary>
public sealed partial class ChatStore(IDatabase database, IGenerationIndex index)
{
    /// <summary>Stores an empty conversation.</summary>
    public Task<Conversation> CreateConversationAsync(Conversation conversation) =>
        database.WriteAsync(OwnerOf(conversation), async session =>
        {
            await ChatRows.EnsureUserAsync(session, conversation.CreatedAt);
            await ChatRows.InsertAsync(session, conversation);
            return conversation;
        });

    /// <summary>Expires a session that has not started. False when there is none, or it has already started or expired.</summary>
    public Task<bool> ExpireSessionAsync(Owner owner, string sessionId, DateTimeOffset now) =>
        database.WriteAsync(owner, async session =>
            await session.RunAsync(
                "UPDATE chat_sessions SET expires_at = @now WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner AND generation_id IS NULL AND expires_at > @now",
                ("@now", now.ToUnixTimeMilliseconds()),
                ("@id", sessionId)
            ) > 0
        );

    /// <summary>
    /// Deletes what has expired: sessions that were never started, started sessions a day after their expiry, and conversations. Returns
    /// how many conversations were deleted; at most <paramref name="max"/> at a time, so that other writes don't wait long.
    /// </summary>
    public Task<int> SweepAsync(DateTimeOffset now, int max) => database.WriteAsync(null, async session =>
        {
            var at = now.ToUnixTimeMilliseconds();
            await session.AddAsync(
                "DELETE FROM chat_sessions WHERE kind = 'session' AND expires_at <= @now AND generation_id IS NULL",
                ("@now", at)
            );
            await session.AddAsync(
                "DELETE FROM chat_sessions WHERE kind = 'session' AND expires_at <= @before",
                ("@before", now.AddDays(-1).ToUnixTimeMilliseconds())
            );
            var expired = await session.QueryAsync(
                $"""
                SELECT id FROM conversations c WHERE expires_at <= @now
                AND NOT EXISTS (SELECT 1 FROM generations g WHERE g.conversation_id = c.id AND g.status = 'running') LIMIT @max{database.Dialect.LockRows}
                """,
                static row => row.GetString(0),
                ("@now", at),
                ("@max", max)
            );
            foreach (var id in expired)
            {
                await session.AddAsync(
                    "DELETE FROM idempotency_keys WHERE generation_id IN (SELECT id FROM generations WHERE conversation_id = @id)",
                    ("@id", id)
                );

                // A generation may have been started before the row was locked.
                await session.AddAsync(
                    "DELETE FROM conversations WHERE id = @id AND NOT EXISTS (SELECT 1 FROM generations WHERE conversation_id = @id AND status = 'running')",
                    ("@id", id)
                );
            }

            return expired.Count;
        });

    /// <summary>Archives a conversation. False when its owner has no such conversation.</summary>
    public Task<bool> ArchiveAsync(Owner owner, string id, DateTimeOffset at) =>
        database.WriteAsync(owner, async session =>
            await session.RunAsync(
                "UPDATE conversations SET archived_at = @at WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner",
                ("@at", at.ToUnixTimeMilliseconds()),
                ("@id", id)
            ) > 0
        );

    /// <summary>Changes the title of a conversation. False when its owner has no such conversation.</summary>
    public Task<bool> RenameAsync(Owner owner, string id, string title) =>
        database.WriteAsync(owner, async session =>
            await session.RunAsync(
                "UPDATE conversations SET title = @title WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner",
                ("@title", title),
                ("@id", id)
            ) > 0
        );

    /// <summary>
    /// Deletes a conversation with its messages and generations. Returns the generations that were running, which are fenced; null when the
    /// owner has no such conversation.
    /// </summary>
    public Task<List<GenerationId>?> DeleteAsync(Owner owner, string id) =>
        database.WriteAsync(
            owner,
            async session =>
            {
                await ChatRows.LockAsync(session, database.Dialect, id);
                var running = await session.QueryAsync(
                    "SELECT id FROM generations WHERE conversation_id = @id AND status = 'running' AND tenant_id = @tenant AND owner_id = @owner",
                    static row => new GenerationId(Guid.Parse(row.GetString(0))),
                    ("@id", id)
                );
                var deleted = await session.RunAsync(
                    "DELETE FROM conversations WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner",
                    ("@id", id)
                );
                return deleted > 0 ? running : null;
            },
            running => index.Forget(running ?? [])
        );

    /// <summary>
    /// Adds a message that no model wrote, under <paramref name="message"/>'s parent or under the newest one, and sets its sequence. Null
    /// when the conversation or the parent does not exist.
    /// </summary>
    public Task<Message?> AddMessageAsync(Message message, bool underNewest) =>
        database.WriteAsync(OwnerOf(message), session => AddAsync(session, message, underNewest));

    private async ValueTask<Message?> AddAsync(SqlSession session, Message message, bool underNewest)
    {
        if (await ChatRows.LockAsync(session, database.Dialect, message.ConversationId, message.ParentId) is not { } state)
        {
            return null;
        }

        message.ParentId = underNewest ? state.ActiveMessageId : message.ParentId;
        message.Sequence = state.MessageCount + 1;
        await ChatRows.InsertAsync(session, message);
        await ChatRows.GrowAsync(
            session,
            message.ConversationId,
            message,
            message,
            (message.InputTokens ?? 0) + (message.OutputTokens ?? 0)
        );
        return message;
    }

    private static Owner OwnerOf(Conversation row) => new(row.TenantId, row.OwnerId);

    private static Owner OwnerOf(Message row) => new(row.TenantId, row.OwnerId);
}
