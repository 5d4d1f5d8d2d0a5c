using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>Rebuilds what a generation was asked from what is stored: the path above its message, its request, and its model.</summary>
public sealed class StoredRequestSource(IDatabase database, PromptBuilder prompts, ModelRouter router) : IRequestSource
{
    public async ValueTask<GenerationRequest?> LoadAsync(GenerationId id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } stored || router.Resolve(stored.Model) is not { } route)
        {
            return null;
        }

        await using var reads = new ChatReads(await database.OpenAsync(stored.Owner, cancellationToken));
        var path = stored.Request is { HasAllMessages: true } ? [] : await reads.PromptAsync(stored.ConversationId, stored.ParentId);
        var prompt = await prompts.BuildAsync(stored.Request, path, stored.Owner, cancellationToken);
        return prompt.For(route, stored.Continues?.With([.. stored.Request?.KeptToolResults ?? []]));
    }

    private async ValueTask<Stored?> FindAsync(GenerationId id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenSystemAsync(cancellationToken);
        return await session.FirstAsync(
            """
            SELECT g.tenant_id, g.owner_id, g.conversation_id, m.parent_id, g.model, g.request, g.continues_to, first.content, first.parts
            FROM generations g JOIN messages m ON m.id = g.message_id
            LEFT JOIN generations before ON before.id = g.continues_id AND g.continues_to > 0 LEFT JOIN messages first ON first.id = before.message_id
            WHERE g.id = @id
            """,
            static row => new Stored(
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

    private sealed record Stored(
        Owner Owner,
        string ConversationId,
        string? ParentId,
        string Model,
        StoredRequest? Request,
        LogSnapshot? Continues
    );
}
