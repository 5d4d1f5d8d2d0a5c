using Microsoft.EntityFrameworkCore;
using Parley.Server.Data.Model;

namespace Parley.Server.Contracts;

/// <summary>A conversation in the API.</summary>
public sealed record ConversationView(
    string Id,
    string Title,
    string? Model,
    int MessageCount,
    long TotalTokens,
    DateTimeOffset? LastMessageAt,
    string? LastMessagePreview,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    IReadOnlyList<RunningView> Running
)
{
    /// <summary>Creates the views, with the running generations of each conversation.</summary>
    public static async Task<List<ConversationView>> OfAsync(
        ParleyDbContext db,
        IReadOnlyCollection<Conversation> conversations,
        CancellationToken cancellationToken
    )
    {
        var ids = conversations.Select(conversation => conversation.Id).ToArray();
        // Filters by status first: the index contains only running generations, which are few.
        var running = await db
            .Generations.Where(row => row.Status == "running" && ids.Contains(row.ConversationId))
            .OrderBy(row => row.Key)
            .Select(row => new
            {
                row.ConversationId,
                row.Id,
                row.MessageId,
            })
            .ToListAsync(cancellationToken);
        var byConversation = running.ToLookup(row => row.ConversationId, row => new RunningView(row.Id, row.MessageId));
        return [.. conversations.Select(conversation => Of(conversation, [.. byConversation[conversation.Id]]))];
    }

    /// <summary>Creates the view of one conversation with the given running generations.</summary>
    public static ConversationView Of(Conversation row, IReadOnlyList<RunningView> running) =>
        new(
            row.Id,
            row.Title,
            row.Model,
            row.MessageCount,
            row.TotalTokens,
            row.LastMessageAt,
            row.LastMessagePreview,
            row.CreatedAt,
            row.UpdatedAt,
            running
        );
}

/// <summary>A running generation.</summary>
public sealed record RunningView(string GenerationId, string MessageId);
