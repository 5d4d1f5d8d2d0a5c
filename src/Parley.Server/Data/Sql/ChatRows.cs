using Parley.Server.Data.Model;

namespace Parley.Server.Data.Sql;

/// <summary>Inserts and updates of conversations and messages: the only place that lists their columns.</summary>
internal static class ChatRows
{
    private static readonly string Untitled = MessageText.Title("");

    /// <summary>Inserts the owner's user row if it does not exist.</summary>
    public static ValueTask EnsureUserAsync(SqlSession session, DateTimeOffset now) =>
        session.AddAsync(
            "INSERT INTO users (id, tenant_id, kind, created_at) VALUES (@owner, @tenant, 'anonymous', @now) ON CONFLICT (id) DO NOTHING",
            ("@now", now.ToUnixTimeMilliseconds())
        );

    /// <summary>Inserts a conversation. False when the owner has another conversation with its name.</summary>
    public static async ValueTask<bool> InsertAsync(SqlSession session, Conversation row) =>
        await session.RunAsync(
            """
            INSERT INTO conversations (id, tenant_id, owner_id, external_id, kind, title, model, message_count, total_tokens, active_message_id, last_message_at, last_message_preview,
                created_at, updated_at, expires_at)
            VALUES (@id, @tenant, @owner, @name, @kind, @title, @model, @count, 0, @active, @last, @preview, @created, @updated, @expires)
            ON CONFLICT DO NOTHING
            """,
            ("@id", row.Id),
            ("@name", row.ExternalId),
            ("@kind", row.Kind),
            ("@title", row.Title),
            ("@model", row.Model),
            ("@count", row.MessageCount),
            ("@active", row.ActiveMessageId),
            ("@last", row.LastMessageAt?.ToUnixTimeMilliseconds()),
            ("@preview", row.LastMessagePreview),
            ("@created", row.CreatedAt.ToUnixTimeMilliseconds()),
            ("@updated", row.UpdatedAt.ToUnixTimeMilliseconds()),
            ("@expires", row.ExpiresAt?.ToUnixTimeMilliseconds())
        ) > 0;

    public static ValueTask InsertAsync(SqlSession session, Message row) =>
        session.AddAsync(
            """
            INSERT INTO messages (id, tenant_id, owner_id, conversation_id, parent_id, external_id, sequence, role, content, status, model, generation_id, input_tokens, output_tokens,
                metadata, usage_estimated, error_retryable, created_at)
            VALUES (@id, @tenant, @owner, @conversation, @parent, @name, @sequence, @role, @content, @status, @model, @generation, @input, @output, @metadata, FALSE, FALSE, @created)
            """,
            ("@id", row.Id),
            ("@conversation", row.ConversationId),
            ("@parent", row.ParentId),
            ("@name", row.ExternalId),
            ("@sequence", row.Sequence),
            ("@role", row.Role),
            ("@content", row.Content),
            ("@status", row.Status),
            ("@model", row.Model),
            ("@generation", row.GenerationId),
            ("@input", row.InputTokens),
            ("@output", row.OutputTokens),
            ("@metadata", row.Metadata),
            ("@created", row.CreatedAt.ToUnixTimeMilliseconds())
        );

    /// <summary>
    /// Updates a conversation after messages were added: its counters, its newest message, and its title if it has none yet.
    /// </summary>
    /// <param name="session">The transaction.</param>
    /// <param name="conversationId">The conversation.</param>
    /// <param name="newest">The newest message.</param>
    /// <param name="written">The newest message with text, for the preview and the title; null when there is none.</param>
    /// <param name="tokens">Tokens to add to the total.</param>
    public static ValueTask GrowAsync(SqlSession session, string conversationId, Message newest, Message? written, long tokens = 0) =>
        session.AddAsync(
            """
            UPDATE conversations SET message_count = @sequence, active_message_id = @newest, model = coalesce(@model, model), updated_at = @now, last_message_at = @now,
                total_tokens = total_tokens + @tokens, last_message_preview = coalesce(@preview, last_message_preview),
                title = CASE WHEN title = @untitled AND CAST(@title AS TEXT) IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation_id = @id AND role = 'user' AND id <> @written) THEN @title ELSE title END
            WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner
            """,
            ("@sequence", newest.Sequence),
            ("@newest", newest.Id),
            ("@model", newest.Model),
            ("@now", newest.CreatedAt.ToUnixTimeMilliseconds()),
            ("@tokens", tokens),
            ("@preview", written is null ? null : MessageText.Preview(written.Content)),
            ("@untitled", Untitled),
            ("@title", written?.Role == "user" ? MessageText.Title(written.Content) : null),
            ("@written", written?.Id ?? ""),
            ("@id", conversationId)
        );

    /// <summary>
    /// Locks a conversation until the end of the transaction: what is read of it afterwards is what the transaction changes. Where
    /// transactions exclude each other anyway, it does nothing.
    /// </summary>
    public static ValueTask LockAsync(SqlSession session, SqlDialect dialect, string idOrName) =>
        dialect.LockRows.Length == 0
            ? ValueTask.CompletedTask
            : session.AddAsync(
                "SELECT 1 FROM conversations WHERE (id = @id OR external_id = @id) AND tenant_id = @tenant AND owner_id = @owner"
                    + dialect.LockRows,
                ("@id", idOrName)
            );

    /// <summary>
    /// Locks a conversation until the end of the transaction, and reads its state; null when it or the message does not exist.
    /// </summary>
    public static ValueTask<ConversationState?> LockAsync(
        SqlSession session,
        SqlDialect dialect,
        string conversationId,
        string? messageId
    ) =>
        session.FirstAsync(
            $"""
            SELECT message_count, active_message_id FROM conversations WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner
            AND (CAST(@message AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM messages WHERE id = @message AND conversation_id = @id)){dialect.LockRows}
            """,
            static row => new ConversationState(row.GetInt32(0), row.TextOrNull(1)),
            ("@id", conversationId),
            ("@message", messageId)
        );
}

/// <summary>The state of a locked conversation.</summary>
/// <param name="MessageCount">Messages ever added; also the sequence number of the newest.</param>
/// <param name="ActiveMessageId">The newest message.</param>
internal sealed record ConversationState(int MessageCount, string? ActiveMessageId);
