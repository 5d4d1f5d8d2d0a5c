using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>Opens reads for an owner.</summary>
public sealed class ChatQueries(IDatabase database)
{
    /// <summary>Opens reads of one owner's rows. The caller disposes them.</summary>
    public async ValueTask<ChatReads> OpenAsync(Owner owner, CancellationToken cancellationToken) =>
        new(await database.OpenAsync(owner, cancellationToken));

    /// <summary>The generation with this id, or null when the owner has none.</summary>
    public async ValueTask<OwnedGeneration?> GenerationAsync(Owner? owner, string? generationId, CancellationToken cancellationToken)
    {
        if (owner is not { } known)
        {
            return null;
        }

        await using var reads = await OpenAsync(known, cancellationToken);
        return await reads.GenerationAsync(generationId);
    }

    /// <summary>What is needed to rebuild the request of a generation of any owner; null when it does not exist.</summary>
    public async ValueTask<StoredGeneration?> StoredGenerationAsync(GenerationId id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenSystemAsync(cancellationToken);
        return await session.FirstAsync(
            """
            SELECT g.tenant_id, g.owner_id, g.conversation_id, m.parent_id, g.model, g.request, g.continues_to, first.content, first.parts
            FROM generations g JOIN messages m ON m.id = g.message_id
            LEFT JOIN generations before ON before.id = g.continues_id AND g.continues_to > 0 LEFT JOIN messages first ON first.id = before.message_id
            WHERE g.id = @id
            """,
            static row => new StoredGeneration(
                new Owner(row.GetString(0), row.GetString(1)),
                row.GetString(2),
                row.TextOrNull(3),
                row.GetString(4),
                StoredRequest.Parse(row.TextOrNull(5)),
                row.IsDBNull(7) ? null : MessageParts.Unfold(row.GetString(7), row.TextOrNull(8)).UpTo(row.GetInt64(6))
            ),
            ("@id", id.ToString())
        );
    }

    /// <summary>The listed conversation of a generation of any owner; null when it has none.</summary>
    public async ValueTask<ListedConversation?> ConversationOfAsync(GenerationId id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenSystemAsync(cancellationToken);
        return await session.FirstAsync(
            """
            SELECT g.tenant_id, g.owner_id, g.conversation_id FROM generations g JOIN conversations c ON c.id = g.conversation_id
            WHERE g.id = @id AND c.kind = 'chat'
            """,
            static row => new ListedConversation(new Owner(row.GetString(0), row.GetString(1)), row.GetString(2)),
            ("@id", id.ToString())
        );
    }
}

/// <summary>The stored inputs of a generation.</summary>
/// <param name="Owner">The owner of its rows.</param>
/// <param name="ConversationId">Its conversation.</param>
/// <param name="ParentId">The message that it answers.</param>
/// <param name="Model">The model.</param>
/// <param name="Request">What the client requested beyond the conversation.</param>
/// <param name="Continues">The log that it continues, or null.</param>
public sealed record StoredGeneration(
    Owner Owner,
    string ConversationId,
    string? ParentId,
    string Model,
    StoredRequest? Request,
    LogSnapshot? Continues
);

/// <summary>A conversation that is listed for its owner.</summary>
public sealed record ListedConversation(Owner Owner, string Id);
