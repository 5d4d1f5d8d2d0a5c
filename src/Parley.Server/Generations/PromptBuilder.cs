using Microsoft.Extensions.AI;
using Parley.Server.Data;

namespace Parley.Server.Generations;

/// <summary>Builds the prompt of a generation: when it starts, and when a node adopts it.</summary>
public sealed class PromptBuilder(IEnumerable<IPromptSource> sources)
{
    private readonly Dictionary<string, IPromptSource> _sources = sources.ToDictionary(source => source.Kind);

    /// <summary>The prompt of a request; when the request can't be read, the prompt is the conversation alone.</summary>
    /// <param name="request">The stored request; null when there is only the conversation.</param>
    /// <param name="path">The messages of the conversation, from the root.</param>
    /// <param name="owner">The owner of the conversation.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async ValueTask<Prompt> BuildAsync(
        StoredRequest? request,
        IReadOnlyList<PathMessage> path,
        Owner owner,
        CancellationToken cancellationToken
    )
    {
        if (request is { HasAllMessages: true } && await _sources[request.Kind].ReadAsync(request, owner, cancellationToken) is { } prompt)
        {
            return prompt;
        }

        return new Prompt(
            [.. path.Select(message => new ChatMessage(new ChatRole(message.Role), message.Text))],
            request is { Kind: StoredRequest.Options } ? ModelParameters.Of(request.Body) : null
        );
    }
}

/// <summary>
/// Reads stored requests of one kind that contain all messages. A dialect registers one source for each kind that it stores.
/// </summary>
public interface IPromptSource
{
    /// <summary>The kind of the stored request.</summary>
    string Kind { get; }

    /// <summary>The prompt; null when the request can't be read.</summary>
    ValueTask<Prompt?> ReadAsync(StoredRequest request, Owner owner, CancellationToken cancellationToken);
}
