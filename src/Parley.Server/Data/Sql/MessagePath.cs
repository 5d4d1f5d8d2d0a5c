using Microsoft.EntityFrameworkCore;
using Parley.Server.Data.Model;

namespace Parley.Server.Data.Sql;

/// <summary>Reads the path from a message to the root.</summary>
public static class MessagePath
{
    /// <summary>
    /// The messages from <paramref name="leaf"/> towards the root, newest first. The cost depends on <paramref name="max"/>, not on the
    /// length of the path.
    /// </summary>
    public static Task<List<Message>> UpwardsAsync(
        ParleyDbContext db,
        string conversationId,
        string? leaf,
        int max,
        CancellationToken cancellationToken
    ) =>
        leaf is null
            ? Task.FromResult<List<Message>>([])
            : db
                .Messages.FromSql(
                    $"""
                    WITH RECURSIVE path (id, parent_id, depth) AS (
                        SELECT id, parent_id, 1 FROM messages WHERE id = {leaf} AND conversation_id = {conversationId}
                        UNION ALL
                        SELECT m.id, m.parent_id, depth + 1 FROM path JOIN messages m ON m.id = path.parent_id WHERE depth < {max})
                    SELECT m.* FROM path JOIN messages m ON m.id = path.id
                    """
                )
                .AsNoTracking()
                .OrderByDescending(row => row.Sequence)
                .ToListAsync(cancellationToken);

    /// <summary>A page of the active path, by offset from its end or from its start, and the length of the path.</summary>
    public static async Task<(List<Message> Messages, int Total)> PageAsync(
        ParleyDbContext db,
        Conversation conversation,
        int limit,
        int offset,
        bool ascending,
        CancellationToken cancellationToken
    )
    {
        if (conversation.ActiveMessageId is not { } leaf)
        {
            return ([], 0);
        }

        var path = db
            .Messages.FromSql(
                $"""
                WITH RECURSIVE path (id, parent_id) AS (
                    SELECT id, parent_id FROM messages WHERE id = {leaf} AND conversation_id = {conversation.Id}
                    UNION ALL
                    SELECT m.id, m.parent_id FROM path JOIN messages m ON m.id = path.parent_id)
                SELECT m.* FROM path JOIN messages m ON m.id = path.id
                """
            )
            .AsNoTracking();
        var total = await path.CountAsync(cancellationToken);
        var ordered = ascending ? path.OrderBy(row => row.Sequence) : path.OrderByDescending(row => row.Sequence);
        return (await ordered.Skip(offset).Take(limit).ToListAsync(cancellationToken), total);
    }
}
