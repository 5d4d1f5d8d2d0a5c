using System.Data.Common;
using Parley.Server.Data.Model;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Data.Sql;

/// <summary>
/// Reads the conversations, messages, generations and sessions of the session's owner. Conversations and messages are found by id, or by
/// the name that their client has for them.
/// </summary>
public sealed class ChatReads(SqlSession session) : IAsyncDisposable
{
    private const int MaxPath = 10_000,
        MaxPromptMessages = 400,
        MaxPromptCharacters = 1024 * 1024;

    private const string GenerationColumns =
        "SELECT g.id, g.conversation_id, g.message_id, g.model, g.status, g.created_at, g.ended_at, m.parent_id, m.external_id FROM generations g JOIN messages m ON m.id = g.message_id";

    private const string MessageColumns = "m.id, m.parent_id, m.role, m.content, m.status, m.generation_id";

    /// <summary>The ids of a path, from a leaf to the root, with their distance from the leaf.</summary>
    private const string Path = """
        WITH RECURSIVE path (id, parent_id, depth) AS (
            SELECT id, parent_id, 0 FROM messages WHERE id = @leaf AND conversation_id = @conversation AND tenant_id = @tenant AND owner_id = @owner
            UNION ALL
            SELECT m.id, m.parent_id, depth + 1 FROM path JOIN messages m ON m.id = path.parent_id WHERE depth < @last)

        """;

    /// <summary>The owner whose rows are read.</summary>
    public Owner Owner { get; } = session.Owner ?? throw new ArgumentException("Reads need an owner.", nameof(session));

    public ValueTask DisposeAsync() => session.DisposeAsync();

    /// <summary>The generation, or null.</summary>
    public async ValueTask<OwnedGeneration?> GenerationAsync(string? generationId) =>
        GenerationId.TryParse(generationId, out var id)
            ? await session.FirstAsync(
                GenerationColumns + " WHERE g.id = @id AND g.tenant_id = @tenant AND g.owner_id = @owner",
                ReadGeneration,
                ("@id", id.ToString())
            )
            : null;

    /// <summary>The newest running generation of a conversation, or null.</summary>
    public ValueTask<OwnedGeneration?> RunningAsync(string conversation) =>
        session.FirstAsync(
            GenerationColumns
                + """
                 JOIN conversations c ON c.id = g.conversation_id
                WHERE (c.id = @id OR c.external_id = @id) AND c.kind = 'chat' AND c.tenant_id = @tenant AND c.owner_id = @owner AND g.status = 'running'
                ORDER BY g.key DESC LIMIT 1
                """,
            ReadGeneration,
            ("@id", conversation)
        );

    /// <summary>The stored request of a generation, or null.</summary>
    public async ValueTask<StoredRequest?> RequestAsync(GenerationId id) =>
        StoredRequest.Parse(
            await session.FirstAsync(
                "SELECT request FROM generations WHERE id = @id AND tenant_id = @tenant AND owner_id = @owner",
                static row => row.TextOrNull(0),
                ("@id", id.ToString())
            )
        );

    /// <summary>
    /// The log and the stored request of a generation that has ended; null while it is running, and when it does not exist.
    /// </summary>
    public async ValueTask<FinishedGeneration?> FinishedAsync(string? generationId) =>
        generationId is null
            ? null
            : await session.FirstAsync(
                """
                SELECT g.request, m.content, m.parts FROM generations g JOIN messages m ON m.id = g.message_id
                WHERE g.id = @id AND g.tenant_id = @tenant AND g.owner_id = @owner AND g.status <> 'running'
                """,
                static row => new FinishedGeneration(
                    StoredRequest.Parse(row.TextOrNull(0)),
                    MessageParts.Unfold(row.GetString(1), row.TextOrNull(2))
                ),
                ("@id", generationId)
            );

    /// <summary>The generation that an idempotency key started, or null.</summary>
    public async ValueTask<(string Fingerprint, string GenerationId)?> KeyAsync(string key) =>
        await session.FirstAsync(
            "SELECT fingerprint, generation_id FROM idempotency_keys WHERE owner_id = @owner AND key = @key",
            static row => Tuple.Create(row.GetString(0), row.GetString(1)),
            ("@key", key)
        )
            is { } found
            ? (found.Item1, found.Item2)
            : null;

    /// <summary>
    /// The target of a new message: <paramref name="parent"/>, or the newest message; null when the conversation or the parent does not
    /// exist.
    /// </summary>
    public async ValueTask<ReplyTarget?> TargetAsync(string conversation, string? parent)
    {
        var found = await session.FirstAsync(
            """
            SELECT c.id, m.id, m.status, m.generation_id, c.model FROM conversations c
            LEFT JOIN messages m ON m.conversation_id = c.id
                AND (CASE WHEN CAST(@parent AS TEXT) IS NULL THEN m.id = c.active_message_id ELSE m.id = @parent OR m.external_id = @parent END)
            WHERE (c.id = @id OR c.external_id = @id) AND c.kind = 'chat' AND c.tenant_id = @tenant AND c.owner_id = @owner
            ORDER BY CASE WHEN m.id = @parent THEN 0 ELSE 1 END, m.sequence DESC LIMIT 1
            """,
            static row => new ReplyTarget(
                row.GetString(0),
                row.TextOrNull(1),
                row.TextOrNull(2) == MessageStatus.Running,
                row.TextOrNull(3),
                row.TextOrNull(4)
            ),
            ("@parent", parent),
            ("@id", conversation)
        );
        return parent is not null && found?.ParentId is null ? null : found;
    }

    /// <summary>Whether the owner has a conversation with this name.</summary>
    public async ValueTask<bool> IsNameTakenAsync(string name) =>
        await session.FirstAsync(
            "SELECT 1 FROM conversations WHERE external_id = @name AND tenant_id = @tenant AND owner_id = @owner",
            static row => row.GetInt32(0),
            ("@name", name)
        ) == 1;

    /// <summary>The path from the root to <paramref name="leaf"/>, oldest first.</summary>
    public ValueTask<List<StoredMessage>> PathAsync(string conversationId, string? leaf) =>
        leaf is null
            ? ValueTask.FromResult<List<StoredMessage>>([])
            : session.QueryAsync(
                Path + $"SELECT {MessageColumns} FROM path JOIN messages m ON m.id = path.id ORDER BY depth DESC",
                ReadMessage,
                ("@leaf", leaf),
                ("@conversation", conversationId),
                ("@last", MaxPath - 1)
            );

    /// <summary>
    /// The prompt of a conversation: the path to <paramref name="leaf"/>, oldest first; only its end when it exceeds the limits.
    /// </summary>
    public async ValueTask<List<PathMessage>> PromptAsync(string conversationId, string? leaf)
    {
        if (leaf is null)
        {
            return [];
        }

        var path = await session.QueryAsync(
            Path + "SELECT m.role, m.content, m.stopped_at, m.parts FROM path JOIN messages m ON m.id = path.id ORDER BY depth",
            static row => new PathMessage(row.GetString(0), Shown(row.GetString(1), row.NumberOrNull(2), row, 3)),
            ("@leaf", leaf),
            ("@conversation", conversationId),
            ("@last", MaxPromptMessages - 1)
        );
        List<PathMessage> messages = [];
        var characters = 0;
        foreach (var message in path)
        {
            characters += message.Text.Length;
            if (messages.Count > 0 && characters > MaxPromptCharacters)
            {
                break;
            }

            if (message.Text.Length > 0)
            {
                messages.Add(message);
            }
        }

        messages.Reverse();
        return messages;
    }

    /// <summary>A message of a conversation; the newest of several with the same name.</summary>
    public ValueTask<StoredMessage?> MessageAsync(string conversationId, string idOrName) =>
        session.FirstAsync(
            $"""
            SELECT {MessageColumns} FROM messages m
            WHERE m.conversation_id = @conversation AND (m.id = @id OR m.external_id = @id) AND m.tenant_id = @tenant AND m.owner_id = @owner
            ORDER BY m.sequence DESC LIMIT 1
            """,
            ReadMessage,
            ("@conversation", conversationId),
            ("@id", idOrName)
        );

    /// <summary>The newest answer to a message, or null.</summary>
    public ValueTask<StoredMessage?> NewestAnswerAsync(string conversationId, string parentId) =>
        session.FirstAsync(
            $"""
            SELECT {MessageColumns} FROM messages m
            WHERE m.conversation_id = @conversation AND m.parent_id = @parent AND m.role = 'assistant' AND m.tenant_id = @tenant AND m.owner_id = @owner
            ORDER BY m.sequence DESC LIMIT 1
            """,
            ReadMessage,
            ("@conversation", conversationId),
            ("@parent", parentId)
        );

    /// <summary>The session, or null when it does not exist or is of another kind.</summary>
    public async ValueTask<ChatSession?> SessionAsync(string? id, string kind) =>
        Guid.TryParseExact(id, "D", out _)
            ? await session.FirstAsync(
                """
                SELECT id, conversation_id, message_id, model, generation_id, created_at, expires_at FROM chat_sessions
                WHERE id = @id AND kind = @kind AND tenant_id = @tenant AND owner_id = @owner
                """,
                row => new ChatSession
                {
                    Id = row.GetString(0),
                    TenantId = Owner.TenantId,
                    OwnerId = Owner.UserId,
                    Kind = kind,
                    ConversationId = row.GetString(1),
                    MessageId = row.GetString(2),
                    Model = row.GetString(3),
                    GenerationId = row.TextOrNull(4),
                    CreatedAt = row.Time(5),
                    ExpiresAt = row.Time(6),
                },
                ("@id", id),
                ("@kind", kind)
            )
            : null;

    /// <summary>Chats whose answer is a stream: the one with this id, or the newest ones that are not archived.</summary>
    /// <param name="conversationId">The chat; null for a list.</param>
    /// <param name="max">The maximum number of chats.</param>
    /// <param name="maxCharacters">The maximum number of prompt characters: a list of very long prompts has fewer rows.</param>
    public async ValueTask<IReadOnlyList<StreamedChat>> StreamedChatsAsync(string? conversationId, int max, int maxCharacters)
    {
        var characters = 0;
        var rows = await session.QueryAsync(
            """
            SELECT s.conversation_id, s.id, c.title, m.content, g.status, s.created_at, s.expires_at, c.updated_at, g.ended_at
            FROM chat_sessions s JOIN conversations c ON c.id = s.conversation_id JOIN messages m ON m.id = s.message_id LEFT JOIN generations g ON g.id = s.generation_id
            WHERE s.kind = 'stream' AND s.tenant_id = @tenant AND s.owner_id = @owner
            AND CASE WHEN CAST(@id AS TEXT) IS NULL THEN c.archived_at IS NULL ELSE s.conversation_id = @id END
            ORDER BY s.created_at DESC, s.conversation_id DESC LIMIT @max
            """,
            row =>
            {
                if (characters > maxCharacters)
                {
                    return null;
                }

                var chat = new StreamedChat(
                    row.GetString(0),
                    row.GetString(1),
                    row.GetString(2),
                    row.GetString(3),
                    row.TextOrNull(4),
                    row.GetInt64(5),
                    row.GetInt64(6),
                    Math.Max(row.GetInt64(7), row.NumberOrNull(8) ?? 0)
                );
                characters += chat.Prompt.Length;
                return chat;
            },
            ("@id", conversationId),
            ("@max", max)
        );
        return [.. rows.OfType<StreamedChat>()];
    }

    private static string Shown(string content, long? stoppedAt, DbDataReader row, int parts) =>
        stoppedAt is { } position ? MessageParts.Unfold(content, row.TextOrNull(parts)).TextOf(PartKind.Text, position) : content;

    private static OwnedGeneration ReadGeneration(DbDataReader row) =>
        new(
            new GenerationId(Guid.Parse(row.GetString(0))),
            new GenerationInfo(row.GetString(1), row.GetString(0), row.GetString(2), row.GetString(3), row.Time(5)),
            row.GetString(4),
            row.TimeOrNull(6),
            row.TextOrNull(7),
            row.TextOrNull(8)
        );

    private static StoredMessage ReadMessage(DbDataReader row) =>
        new(row.GetString(0), row.TextOrNull(1), row.GetString(2), row.GetString(3), row.GetString(4), row.TextOrNull(5));
}

/// <summary>A generation that has ended.</summary>
/// <param name="Request">What the client requested beyond the conversation.</param>
/// <param name="Log">Its whole log.</param>
public sealed record FinishedGeneration(StoredRequest? Request, LogSnapshot Log);

/// <summary>A chat of one message and one answer, which is a stream. Times are milliseconds since 1970.</summary>
/// <param name="Id">The conversation.</param>
/// <param name="StreamId">The session.</param>
/// <param name="Title">The conversation's title.</param>
/// <param name="Prompt">The message.</param>
/// <param name="Status">The status of the generation; null until it is started.</param>
/// <param name="CreatedAt">When it was stored.</param>
/// <param name="ExpiresAt">When the session expires: the generation can be started until then.</param>
/// <param name="UpdatedAt">When it last changed.</param>
public sealed record StreamedChat(
    string Id,
    string StreamId,
    string Title,
    string Prompt,
    string? Status,
    long CreatedAt,
    long ExpiresAt,
    long UpdatedAt
);
