using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>Rebuilds a generation's request from the database: the path to its parent message, its stored request, and its model.</summary>
public sealed class StoredRequestSource(ChatQueries chats, PromptBuilder prompts, ModelRouter router) : IRequestSource
{
    public async ValueTask<GenerationRequest?> LoadAsync(GenerationId id, CancellationToken cancellationToken)
    {
        if (await chats.StoredGenerationAsync(id, cancellationToken) is not { } stored || router.Resolve(stored.Model) is not { } route)
        {
            return null;
        }

        await using var reads = await chats.OpenAsync(stored.Owner, cancellationToken);
        var path = stored.Request is { HasAllMessages: true } ? [] : await reads.PromptAsync(stored.ConversationId, stored.ParentId);
        var prompt = await prompts.BuildAsync(stored.Request, path, stored.Owner, cancellationToken);
        return prompt.For(route, stored.Continues?.With([.. stored.Request?.KeptToolResults ?? []]));
    }
}
