using Parley.Server.Data.Sqlite;

namespace Parley.Server.Data.Sql;

/// <summary>Stores the beginning of an answer: the person's turn, the answer's place, its generation, and the idempotency key, all or nothing.</summary>
internal sealed class GenerationStarts(NodeIdentity node)
{
    public StartResult Store(SqliteSession session, StartRequest start)
    {
        if (start.IdempotencyKey is not null && FindKey(session, start) is { } known)
        {
            return known.Fingerprint == start.Fingerprint ? new StartResult.Attached(known.GenerationId) : new StartResult.KeyReused();
        }

        var now = start.Now.ToUnixTimeMilliseconds();
        if (start.SessionId is not null)
        {
            if (FindSession(session, start) is not { } begun)
            {
                return new StartResult.Gone();
            }

            if (begun.GenerationId is { } first)
            {
                return new StartResult.Attached(first);
            }
        }

        var sequence = 0;
        if (start.IsNewConversation)
        {
            if (IsNameTaken(session, start))
            {
                return new StartResult.NameTaken();
            }

            InsertConversation(session, start, now);
        }
        else
        {
            if (!TryFindPlace(session, start, out sequence, out var newest))
            {
                return new StartResult.Gone();
            }

            if (start.WhileNewestIs is { } expected && newest != expected)
            {
                return new StartResult.Changed();
            }
        }

        var parent = start.ParentId;
        foreach (var earlier in start.Earlier)
        {
            var id = Guid.CreateVersion7(start.Now).ToString();
            InsertMessage(
                session,
                start,
                id,
                parent,
                ++sequence,
                earlier.Role,
                earlier.Content,
                "complete",
                null,
                null,
                now,
                earlier.ExternalId
            );
            parent = id;
        }

        if (start.UserText is not null)
        {
            InsertMessage(
                session,
                start,
                start.UserMessageId,
                parent,
                ++sequence,
                "user",
                start.UserText,
                "complete",
                null,
                null,
                now,
                start.UserMessageExternalId
            );
            parent = start.UserMessageId;
        }

        InsertMessage(
            session,
            start,
            start.MessageId,
            parent,
            ++sequence,
            "assistant",
            "",
            "running",
            start.Model,
            start.GenerationId,
            now,
            start.MessageExternalId
        );
        var key = InsertGeneration(session, start, now);
        if (start.IdempotencyKey is not null)
        {
            session.Run(
                "INSERT INTO idempotency_keys (owner_id, key, fingerprint, generation_id, created_at) VALUES (@owner, @key, @fingerprint, @generation, @now)",
                ("@owner", start.OwnerId),
                ("@key", start.IdempotencyKey),
                ("@fingerprint", start.Fingerprint),
                ("@generation", start.GenerationId),
                ("@now", now)
            );
        }

        if (start.SessionId is not null)
        {
            session.Run(
                "UPDATE chat_sessions SET generation_id = @generation WHERE id = @id",
                ("@generation", start.GenerationId),
                ("@id", start.SessionId)
            );
        }

        if (!start.IsNewConversation)
        {
            UpdateConversation(session, start, sequence, now);
        }

        return new StartResult.Started(key);
    }

    private static (string Fingerprint, string GenerationId)? FindKey(SqliteSession session, StartRequest start)
    {
        var found = session.Query(
            "SELECT fingerprint, generation_id FROM idempotency_keys WHERE owner_id = @owner AND key = @key",
            row => (row.GetString(0), row.GetString(1)),
            ("@owner", start.OwnerId),
            ("@key", start.IdempotencyKey)
        );
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>The session, unless it is not this owner's, or was not begun in time.</summary>
    private static (string? GenerationId, bool IsThere)? FindSession(SqliteSession session, StartRequest start)
    {
        var found = session.Query(
            "SELECT generation_id FROM chat_sessions WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner AND (generation_id IS NOT NULL OR expires_at > @now)",
            row => (row.IsDBNull(0) ? null : row.GetString(0), true),
            ("@id", start.SessionId),
            ("@tenant", start.TenantId),
            ("@owner", start.OwnerId),
            ("@now", start.Now.ToUnixTimeMilliseconds())
        );
        return found.Count == 0 ? null : found[0];
    }

    private static bool IsNameTaken(SqliteSession session, StartRequest start) =>
        start.ConversationExternalId is not null
        && session
            .Query(
                "SELECT 1 FROM conversations WHERE tenant_id = @tenant AND owner_id = @owner AND external_id = @name",
                static _ => true,
                ("@tenant", start.TenantId),
                ("@owner", start.OwnerId),
                ("@name", start.ConversationExternalId)
            )
            .Count > 0;

    private static bool TryFindPlace(SqliteSession session, StartRequest start, out int sequence, out string? newest)
    {
        var found = session.Query(
            """
            SELECT message_count, active_message_id FROM conversations WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner
            AND (@parent IS NULL OR EXISTS (SELECT 1 FROM messages WHERE id = @parent AND conversation_id = @id))
            """,
            row => (Sequence: row.GetInt32(0), Newest: row.IsDBNull(1) ? null : row.GetString(1)),
            ("@id", start.ConversationId),
            ("@tenant", start.TenantId),
            ("@owner", start.OwnerId),
            ("@parent", start.ParentId)
        );
        (sequence, newest) = found.Count == 0 ? default : found[0];
        return found.Count > 0;
    }

    private static void UpdateConversation(SqliteSession session, StartRequest start, int sequence, long now) =>
        session.Run(
            """
            UPDATE conversations SET message_count = @sequence, active_message_id = @message, model = @model, updated_at = @now, last_message_at = @now,
                last_message_preview = coalesce(@preview, last_message_preview),
                title = CASE WHEN title = @untitled AND @asked AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation_id = @id AND role = 'user' AND id <> @user) THEN @title ELSE title END
            WHERE id = @id
            """,
            ("@sequence", sequence),
            ("@message", start.MessageId),
            ("@model", start.Model),
            ("@now", now),
            ("@preview", start.UserText is null ? null : MessageText.Preview(start.UserText)),
            ("@id", start.ConversationId),
            ("@asked", start.UserText is not null),
            ("@user", start.UserMessageId),
            ("@untitled", MessageText.Title("")),
            ("@title", MessageText.Title(start.UserText ?? ""))
        );

    private static void InsertConversation(SqliteSession session, StartRequest start, long now)
    {
        Users.Ensure(session, start.TenantId, start.OwnerId, now);
        session.Run(
            """
            INSERT INTO conversations (id, tenant_id, owner_id, external_id, kind, title, model, message_count, total_tokens, active_message_id, last_message_at, last_message_preview,
                created_at, updated_at, expires_at)
            VALUES (@id, @tenant, @owner, @external, @kind, @title, @model, @count, 0, @message, @now, @preview, @now, @now, @expires)
            """,
            ("@id", start.ConversationId),
            ("@tenant", start.TenantId),
            ("@owner", start.OwnerId),
            ("@external", start.ConversationExternalId),
            ("@kind", start.ConversationKind),
            (
                "@title",
                start.ConversationTitle
                    ?? MessageText.Title(start.Earlier.FirstOrDefault(message => message.Role == "user")?.Content ?? start.UserText ?? "")
            ),
            ("@model", start.Model),
            ("@count", start.Earlier.Count + (start.UserText is null ? 1 : 2)),
            ("@message", start.MessageId),
            ("@now", now),
            ("@preview", MessageText.Preview(start.UserText ?? "")),
            ("@expires", start.ConversationExpiresAt?.ToUnixTimeMilliseconds())
        );
    }

    private static void InsertMessage(
        SqliteSession session,
        StartRequest start,
        string id,
        string? parent,
        int sequence,
        string role,
        string content,
        string status,
        string? model,
        string? generation,
        long now,
        string? externalId = null
    ) =>
        session.Run(
            """
            INSERT INTO messages (id, tenant_id, owner_id, conversation_id, parent_id, external_id, sequence, role, content, status, model, generation_id, usage_estimated, error_retryable, created_at)
            VALUES (@id, @tenant, @owner, @conversation, @parent, @external, @sequence, @role, @content, @status, @model, @generation, 0, 0, @now)
            """,
            ("@id", id),
            ("@tenant", start.TenantId),
            ("@owner", start.OwnerId),
            ("@conversation", start.ConversationId),
            ("@parent", parent),
            ("@external", externalId),
            ("@sequence", sequence),
            ("@role", role),
            ("@content", content),
            ("@status", status),
            ("@model", model),
            ("@generation", generation),
            ("@now", now)
        );

    private long InsertGeneration(SqliteSession session, StartRequest start, long now) =>
        session.Query(
            """
            INSERT INTO generations (id, tenant_id, owner_id, conversation_id, message_id, model, status, node_id, epoch, adoptions, continues_id, continues_to, request, created_at)
            VALUES (@id, @tenant, @owner, @conversation, @message, @model, 'running', @node, 1, 0, @continues, @to, @request, @now) RETURNING key
            """,
            row => row.GetInt64(0),
            ("@id", start.GenerationId),
            ("@tenant", start.TenantId),
            ("@owner", start.OwnerId),
            ("@conversation", start.ConversationId),
            ("@message", start.MessageId),
            ("@model", start.Model),
            ("@node", node.Id),
            ("@continues", start.ContinuesId),
            ("@to", start.ContinuesTo),
            ("@request", start.Request?.ToJson()),
            ("@now", now)
        )[0];
}

/// <summary>The row of a person, made when they first store something.</summary>
internal static class Users
{
    public static void Ensure(SqliteSession session, string tenantId, string userId, long now) =>
        session.Run(
            "INSERT INTO users (id, tenant_id, kind, created_at) VALUES (@id, @tenant, 'anonymous', @now) ON CONFLICT (id) DO NOTHING",
            ("@id", userId),
            ("@tenant", tenantId),
            ("@now", now)
        );
}
