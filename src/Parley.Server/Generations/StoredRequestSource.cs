using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>Rebuilds a generation's request from the database: the path to its parent message, its stored request, and its model.</summary>
public sealed class StoredRequestSource(ChatQueries chats, PromptBuilder prompts, ModelRouter router) : IRequestSource
{
    public async ValueTask<GenerationRequest?> LoadAsync(GenerationId id, CancellationToken cancellationToken)
    {
        if (await chats.AskedAsync(id, cancellationToken) is not { } asked || router.Resolve(asked.Model) is not { } route)
        {
            return null;
        }

        await using var reads = await chats.OpenAsync(asked.Owner, cancellationToken);
        var path = asked.Request is { HasAllMessages: true } ? [] : await reads.PromptAsync(asked.ConversationId, asked.ParentId);
        var prompt = await prompts.BuildAsync(asked.Request, path, asked.Owner, cancellationToken);
        return prompt.For(route, asked.Continues?.With([.. asked.Request?.KeptToolResults ?? []]));
    }
}
