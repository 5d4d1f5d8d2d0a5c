using Microsoft.Data.Sqlite;
using Parley.Server.Data.Sqlite;

namespace Parley.Server.Generations;

/// <summary>Looks at the messages of a conversation that its owner has been found to own.</summary>
public sealed class StoredMessages(SqliteDatabase database)
{
    private const int Most = 10_000;

    /// <summary>The path from the root to <paramref name="leaf"/>, oldest first.</summary>
    public List<StoredMessage> Load(string conversationId, string? leaf)
    {
        if (leaf is null)
        {
            return [];
        }

        using var session = database.OpenReader();
        var path = session.Query(
            """
            WITH RECURSIVE path (id, parent_id, depth) AS (
                SELECT id, parent_id, 0 FROM messages WHERE id = @leaf AND conversation_id = @conversation
                UNION ALL
                SELECT m.id, m.parent_id, depth + 1 FROM path JOIN messages m ON m.id = path.parent_id WHERE depth < @most)
            SELECT m.id, m.parent_id, m.role, m.content, m.status, m.generation_id FROM path JOIN messages m ON m.id = path.id ORDER BY depth DESC
            """,
            Read,
            ("@leaf", leaf),
            ("@conversation", conversationId),
            ("@most", Most - 1)
        );
        return path;
    }

    /// <summary>A message by its id, or the newest of those that the client calls so.</summary>
    public StoredMessage? Find(string conversationId, string idOrName)
    {
        using var session = database.OpenReader();
        return session
            .Query(
                """
                SELECT id, parent_id, role, content, status, generation_id FROM messages
                WHERE conversation_id = @conversation AND (id = @id OR external_id = @id) ORDER BY sequence DESC LIMIT 1
                """,
                Read,
                ("@conversation", conversationId),
                ("@id", idOrName)
            )
            .FirstOrDefault();
    }

    /// <summary>The newest answer to a message.</summary>
    public StoredMessage? NewestAnswer(string conversationId, string parentId)
    {
        using var session = database.OpenReader();
        return session
            .Query(
                """
                SELECT id, parent_id, role, content, status, generation_id FROM messages
                WHERE conversation_id = @conversation AND parent_id = @parent AND role = 'assistant' ORDER BY sequence DESC LIMIT 1
                """,
                Read,
                ("@conversation", conversationId),
                ("@parent", parentId)
            )
            .FirstOrDefault();
    }

    /// <summary>The generation that runs in a conversation: of several, the newest.</summary>
    public string? Running(string conversationId)
    {
        using var session = database.OpenReader();
        return session
            .Query(
                "SELECT id FROM generations WHERE conversation_id = @conversation AND status = 'running' ORDER BY key DESC LIMIT 1",
                row => row.GetString(0),
                ("@conversation", conversationId)
            )
            .FirstOrDefault();
    }

    private static StoredMessage Read(SqliteDataReader row) =>
        new(
            row.GetString(0),
            row.IsDBNull(1) ? null : row.GetString(1),
            row.GetString(2),
            row.GetString(3),
            row.GetString(4),
            row.IsDBNull(5) ? null : row.GetString(5)
        );
}

/// <summary>A message as it is stored.</summary>
public sealed record StoredMessage(string Id, string? ParentId, string Role, string Content, string Status, string? GenerationId);
