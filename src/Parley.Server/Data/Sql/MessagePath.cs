using Microsoft.EntityFrameworkCore;
using Parley.Server.Data.Model;

namespace Parley.Server.Data.Sql;

/// <summary>Reads the path from a message to the root, of which a conversation shows the one to its newest message.</summary>
public static class MessagePath
{
    /// <summary>The messages from <paramref name="leaf"/> upwards, at most so many, newest first. The cost is that of what is read, whatever the length of the path.</summary>
    public static Task<List<Message>> UpwardsAsync(
        ParleyDbContext db,
        string conversationId,
        string? leaf,
        int most,
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
                        SELECT m.id, m.parent_id, depth + 1 FROM path JOIN messages m ON m.id = path.parent_id WHERE depth < {most})
                    SELECT m.* FROM path JOIN messages m ON m.id = path.id
                    """
                )
                .AsNoTracking()
                .OrderByDescending(row => row.Sequence)
                .ToListAsync(cancellationToken);

    /// <summary>A page of the path that a conversation shows, by offset from its end or from its beginning, and how long the path is.</summary>
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
