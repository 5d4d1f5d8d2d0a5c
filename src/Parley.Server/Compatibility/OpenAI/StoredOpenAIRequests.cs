using Microsoft.Extensions.AI;
using Parley.Server.Compatibility.OpenAI.Requests;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>Reads stored requests of <c>POST /v1/chat/completions</c>.</summary>
internal sealed class StoredChatCompletions : IPromptSource
{
    public string Kind => StoredRequest.ChatCompletion;

    public ValueTask<Prompt?> ReadAsync(StoredRequest request, Owner owner, CancellationToken cancellationToken) =>
        ValueTask.FromResult(
            OpenAIChatRequest.TryParse(request.Body, out var parsed, out _) ? new Prompt(parsed.Messages, parsed.Options) : null
        );
}

/// <summary>Reads stored requests of <c>POST /v1/responses</c>, with the input and output of the previous Responses.</summary>
public sealed class StoredResponses(ChatQueries chats) : IPromptSource
{
    private const int MaxChain = 200;

    public string Kind => StoredRequest.Response;

    public async ValueTask<Prompt?> ReadAsync(StoredRequest request, Owner owner, CancellationToken cancellationToken)
    {
        await using var reads = await chats.OpenAsync(owner, cancellationToken);
        return await ParseAsync(reads, request) is { } parsed ? await PromptAsync(reads, parsed) : null;
    }

    /// <summary>The prompt of a Response: the input and output of the previous Responses, then its own input.</summary>
    public async ValueTask<Prompt> PromptAsync(OpenAIResponsesRequest request, Owner owner, CancellationToken cancellationToken)
    {
        await using var reads = await chats.OpenAsync(owner, cancellationToken);
        return await PromptAsync(reads, request);
    }

    /// <summary>The existing items of earlier Responses, by their ids.</summary>
    public async ValueTask<Dictionary<string, IReadOnlyList<AIContent>>> ItemsAsync(
        IEnumerable<string> ids,
        Owner owner,
        CancellationToken cancellationToken
    )
    {
        await using var reads = await chats.OpenAsync(owner, cancellationToken);
        return await ItemsAsync(reads, ids);
    }

    private static async ValueTask<Prompt> PromptAsync(ChatReads reads, OpenAIResponsesRequest request)
    {
        List<IEnumerable<ChatMessage>> newestFirst = [request.Messages];
        var previous = request.PreviousResponseId;
        for (var length = 0; previous is not null && length < MaxChain; length++)
        {
            if (
                await reads.FinishedAsync(OpenAIIds.GenerationOf(previous))
                    is not { Request: { Kind: StoredRequest.Response } previousRequest } before
                || await ParseAsync(reads, previousRequest) is not { } earlier
            )
            {
                break;
            }

            newestFirst.Add([new ChatMessage(ChatRole.Assistant, LogContents.Of(before.Log, withOpenCalls: true))]);
            newestFirst.Add(earlier.Messages);
            previous = earlier.PreviousResponseId;
        }

        newestFirst.Reverse();
        return new Prompt([.. newestFirst.SelectMany(messages => messages)], request.Options);
    }

    private static async ValueTask<OpenAIResponsesRequest?> ParseAsync(ChatReads reads, StoredRequest request)
    {
        var items = await ItemsAsync(reads, OpenAIResponsesRequest.ReferencedItems(request.Body));
        return OpenAIResponsesRequest.TryParse(request.Body, id => items.GetValueOrDefault(id), out var parsed, out _) ? parsed : null;
    }

    private static async ValueTask<Dictionary<string, IReadOnlyList<AIContent>>> ItemsAsync(ChatReads reads, IEnumerable<string> ids)
    {
        Dictionary<string, IReadOnlyList<AIContent>> items = [];
        foreach (var id in ids)
        {
            if (
                OpenAIItems.TryParse(id, out var generation, out var position)
                && await reads.FinishedAsync(generation) is { } found
                && OpenAIItems.ContentsAt(found.Log, position) is { } contents
            )
            {
                items[id] = contents;
            }
        }

        return items;
    }
}
