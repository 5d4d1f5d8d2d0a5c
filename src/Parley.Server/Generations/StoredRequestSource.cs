using Microsoft.Extensions.AI;
using Parley.Server.Data;
using Parley.Server.Data.Sqlite;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>Rebuilds what a generation had been asked from what is stored: the path above its message, and its model.</summary>
public sealed class StoredRequestSource(SqliteDatabase database, PromptBuilder asked, ModelRouter router) : IGenerationRequests
{
    public ValueTask<GenerationRequest?> LoadAsync(GenerationId id, CancellationToken cancellationToken)
    {
        using var session = database.OpenReader();
        var found = session.Query(
            """
            SELECT g.conversation_id, m.parent_id, g.model, g.continues_to, first.content, first.parts, g.request, g.owner_id
            FROM generations g JOIN messages m ON m.id = g.message_id
            LEFT JOIN generations before ON before.id = g.continues_id AND g.continues_to > 0 LEFT JOIN messages first ON first.id = before.message_id
            WHERE g.id = @id
            """,
            row =>
                (
                    ConversationId: row.GetString(0),
                    ParentId: row.IsDBNull(1) ? null : row.GetString(1),
                    Model: row.GetString(2),
                    Continues: row.IsDBNull(4)
                        ? null
                        : MessageParts.Unfold(row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5)).UpTo(row.GetInt64(3)),
                    Request: StoredRequest.Parse(row.IsDBNull(6) ? null : row.GetString(6)),
                    OwnerId: row.GetString(7)
                ),
            ("@id", id.ToString())
        );
        if (found.Count == 0 || router.Resolve(found[0].Model) is not { } route)
        {
            return ValueTask.FromResult<GenerationRequest?>(null);
        }

        var (messages, options) = asked.Of(found[0].Request, found[0].OwnerId, found[0].ConversationId, found[0].ParentId);
        return ValueTask.FromResult<GenerationRequest?>(
            GenerationRequests.For(route, messages, options) with
            {
                Continues = found[0].Continues?.With([.. found[0].Request?.KeptToolResults ?? []]),
            }
        );
    }
}

/// <summary>A route and messages as the engine takes them.</summary>
internal static class GenerationRequests
{
    public static GenerationRequest For(ModelRoute route, IReadOnlyList<ChatMessage> messages, ChatOptions? options = null)
    {
        options = options?.Clone() ?? new ChatOptions();
        options.ModelId = route.Model;
        return new(route.Client, route.Id, messages, options, route.Capabilities.AcceptsPrefix);
    }
}
