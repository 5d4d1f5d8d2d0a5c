using Microsoft.Extensions.AI;
using Parley.Server.Compatibility.OpenAI.Requests;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Data.Sqlite;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Generations;

/// <summary>Turns what clients asked into what a model is told, when it is asked and whenever it has to be asked again.</summary>
public sealed class PromptBuilder(SqliteDatabase database, ConversationHistory history)
{
    private const int LongestChain = 200;

    /// <summary>What was asked under a message of a conversation.</summary>
    public (IReadOnlyList<ChatMessage> Messages, ChatOptions? Options) Of(
        StoredRequest? asked,
        string ownerId,
        string conversationId,
        string? parentId
    )
    {
        switch (asked?.Kind)
        {
            case StoredRequest.Messages:
                var said = asked.Body.GetProperty("messages").EnumerateArray();
                return (
                    [
                        .. said.Select(message => new ChatMessage(
                            new ChatRole(message.GetProperty("role").GetString()!),
                            message.GetProperty("content").GetString()
                        )),
                    ],
                    ModelParameters.Of(asked.Body)
                );
            case StoredRequest.Options:
                return (history.Load(conversationId, parentId), ModelParameters.Of(asked.Body));
            case StoredRequest.ChatCompletion when OpenAIChatRequest.TryParse(asked.Body, out var completion, out _):
                return (completion.Messages, completion.Options);
            case StoredRequest.Response when OpenAIResponsesRequest.TryParse(asked.Body, ItemsOf(ownerId), out var response, out _):
                return (BeforeResponse(response, ownerId), response.Options);
            default:
                return (history.Load(conversationId, parentId), null);
        }
    }

    /// <summary>The input of a Response after all that was asked and answered before it.</summary>
    public IReadOnlyList<ChatMessage> BeforeResponse(OpenAIResponsesRequest request, string ownerId)
    {
        List<IEnumerable<ChatMessage>> backwards = [request.Messages];
        var previous = request.PreviousResponseId;
        for (var length = 0; previous is not null && length < LongestChain && Load(previous, ownerId) is { } before; length++)
        {
            backwards.Add([new ChatMessage(ChatRole.Assistant, LogContents.Of(before.Log, withOpenCalls: true))]);
            backwards.Add(before.Request.Messages);
            previous = before.Request.PreviousResponseId;
        }

        backwards.Reverse();
        return [.. backwards.SelectMany(messages => messages)];
    }

    private (OpenAIResponsesRequest Request, FoldedLog Log)? Load(string responseId, string ownerId)
    {
        using var session = database.OpenReader();
        var found = session.Query(
            "SELECT g.request, m.content, m.parts FROM generations g JOIN messages m ON m.id = g.message_id WHERE g.id = @id AND g.owner_id = @owner AND g.status <> 'running'",
            row =>
                (
                    Request: row.IsDBNull(0) ? null : row.GetString(0),
                    Log: MessageParts.Unfold(row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2))
                ),
            ("@id", OpenAIIds.GenerationOf(responseId)),
            ("@owner", ownerId)
        );
        if (found.Count == 0 || StoredRequest.Parse(found[0].Request) is not { Kind: StoredRequest.Response } asked)
        {
            return null;
        }

        return OpenAIResponsesRequest.TryParse(asked.Body, ItemsOf(ownerId), out var request, out _) ? (request, found[0].Log) : null;
    }

    /// <summary>Finds items of earlier Responses of one owner.</summary>
    public Func<string, IReadOnlyList<AIContent>?> ItemsOf(string ownerId) =>
        id =>
        {
            if (!OpenAIItems.TryParse(id, out var generation, out var position))
            {
                return null;
            }

            using var session = database.OpenReader();
            var found = session.Query(
                "SELECT m.content, m.parts FROM generations g JOIN messages m ON m.id = g.message_id WHERE g.id = @id AND g.owner_id = @owner AND g.status <> 'running'",
                row => MessageParts.Unfold(row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1)),
                ("@id", generation),
                ("@owner", ownerId)
            );
            return found.Count == 0 ? null : OpenAIItems.ContentsAt(found[0], position);
        };
}
