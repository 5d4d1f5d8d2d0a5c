using Microsoft.EntityFrameworkCore;
using Parley.Server.Data.Model;
using Parley.Server.Identity;

namespace Parley.Server.Data.Sql;

/// <summary>Finds conversations for those who may see them: their owner alone.</summary>
public static class ConversationLookup
{
    /// <summary>The conversation of that id, or of that name given by its client; null when it is missing or somebody else's.</summary>
    public static async Task<Conversation?> FindAsync(
        ParleyDbContext db,
        CurrentUser? user,
        string idOrName,
        CancellationToken cancellationToken
    ) =>
        user is null
            ? null
            : await db
                .Conversations.AsNoTracking()
                .FirstOrDefaultAsync(
                    row => (row.Id == idOrName || row.ExternalId == idOrName) && row.TenantId == user.TenantId && row.OwnerId == user.Id,
                    cancellationToken
                );
}
