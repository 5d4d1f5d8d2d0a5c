using Microsoft.Extensions.AI;
using Parley.Server.Data.Sqlite;

namespace Parley.Server.Data.Sql;

/// <summary>What a model is told of a conversation: the path from the root to a message, as much of its end as fits.</summary>
public sealed class ConversationHistory(SqliteDatabase database)
{
    private const int MostMessages = 400,
        MostCharacters = 1024 * 1024;

    /// <summary>The path that ends with <paramref name="leafId"/>, oldest first. An answer that was stopped counts as far as it was seen.</summary>
    public List<ChatMessage> Load(string conversationId, string? leafId)
    {
        if (leafId is null)
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
            SELECT m.role, m.content, m.stopped_at, m.parts FROM path JOIN messages m ON m.id = path.id ORDER BY depth
            """,
            row =>
                (
                    Role: row.GetString(0),
                    Content: row.GetString(1),
                    StoppedAt: row.IsDBNull(2) ? (long?)null : row.GetInt64(2),
                    Parts: row.IsDBNull(3) ? null : row.GetString(3)
                ),
            ("@leaf", leafId),
            ("@conversation", conversationId),
            ("@most", MostMessages - 1)
        );

        List<ChatMessage> messages = [];
        var characters = 0;
        foreach (var (role, content, stoppedAt, parts) in path)
        {
            var text = stoppedAt is { } at
                ? MessageParts.Unfold(content, parts).TextOf(Parley.Streaming.Generations.PartKind.Text, at)
                : content;
            characters += text.Length;
            if (messages.Count > 0 && characters > MostCharacters)
            {
                break;
            }

            if (text.Length > 0)
            {
                messages.Add(new ChatMessage(new ChatRole(role), text));
            }
        }

        messages.Reverse();
        return messages;
    }
}
