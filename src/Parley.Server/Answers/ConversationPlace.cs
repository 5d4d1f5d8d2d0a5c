using Parley.Server.Data.Sqlite;
using Parley.Server.Identity;

namespace Parley.Server.Answers;

/// <summary>Finds where in a conversation a new message goes.</summary>
public sealed class ConversationPlace(SqliteDatabase database)
{
    /// <summary>The place under <paramref name="parentId"/>, or under the newest message; null when the conversation or the parent is not this user's.</summary>
    public Place? Find(CurrentUser user, string conversationId, string? parentId)
    {
        using var session = database.OpenReader();
        var found = session.Query(
            """
            SELECT m.id, m.status, c.model FROM conversations c LEFT JOIN messages m ON m.id = coalesce(@parent, c.active_message_id) AND m.conversation_id = c.id
            WHERE c.id = @id AND c.tenant_id = @tenant AND c.owner_id = @owner
            """,
            row => new Place(row.IsDBNull(0) ? null : row.GetString(0), !row.IsDBNull(1) && row.GetString(1) == "running", row.IsDBNull(2) ? null : row.GetString(2)),
            ("@parent", parentId), ("@id", conversationId), ("@tenant", user.TenantId), ("@owner", user.Id));
        if (found.Count == 0 || (parentId is not null && found[0].ParentId is null)) return null;
        return found[0];
    }
}

/// <summary>Where a message goes.</summary>
/// <param name="ParentId">The message that it goes under; null at the root.</param>
/// <param name="ParentIsRunning">That message is still being written.</param>
/// <param name="Model">The model that the conversation was last held with.</param>
public sealed record Place(string? ParentId, bool ParentIsRunning, string? Model);
