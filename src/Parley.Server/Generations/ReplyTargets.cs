using Parley.Server.Data.Sqlite;
using Parley.Server.Identity;

namespace Parley.Server.Generations;

/// <summary>Finds where in a conversation a new message goes. Conversations and messages are found by id, or by what their client calls them.</summary>
public sealed class ReplyTargets(SqliteDatabase database)
{
    /// <summary>The place under <paramref name="parent"/>, or under the newest message; null when the conversation or the parent is not this user's.</summary>
    public Place? Find(CurrentUser user, string conversation, string? parent)
    {
        using var session = database.OpenReader();
        var found = session.Query(
            """
            SELECT c.id, m.id, m.status, c.model, m.generation_id FROM conversations c
            LEFT JOIN messages m ON m.conversation_id = c.id AND (CASE WHEN @parent IS NULL THEN m.id = c.active_message_id ELSE m.id = @parent OR m.external_id = @parent END)
            WHERE (c.id = @id OR c.external_id = @id) AND c.kind = 'chat' AND c.tenant_id = @tenant AND c.owner_id = @owner
            ORDER BY m.id = @parent DESC, m.sequence DESC LIMIT 1
            """,
            row => new Place(
                row.GetString(0),
                row.IsDBNull(1) ? null : row.GetString(1),
                !row.IsDBNull(2) && row.GetString(2) == "running",
                row.IsDBNull(3) ? null : row.GetString(3),
                row.IsDBNull(4) ? null : row.GetString(4)
            ),
            ("@parent", parent),
            ("@id", conversation),
            ("@tenant", user.TenantId),
            ("@owner", user.Id)
        );
        if (found.Count == 0 || (parent is not null && found[0].ParentId is null))
        {
            return null;
        }

        return found[0];
    }
}

/// <summary>Where a message goes.</summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="ParentId">The message that it goes under; null at the root.</param>
/// <param name="ParentIsRunning">That message is still being written.</param>
/// <param name="Model">The model that the conversation was last held with.</param>
/// <param name="ParentGenerationId">The generation of that message, if it is an answer.</param>
public sealed record Place(string ConversationId, string? ParentId, bool ParentIsRunning, string? Model, string? ParentGenerationId);
