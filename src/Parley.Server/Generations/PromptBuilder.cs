using Microsoft.Extensions.AI;
using Parley.Server.Data;

namespace Parley.Server.Generations;

/// <summary>Makes a prompt of what was asked: when a generation is started, and whenever it has to be asked again.</summary>
public sealed class PromptBuilder(IEnumerable<IPromptSource> sources)
{
    private readonly Dictionary<string, IPromptSource> _sources = sources.ToDictionary(source => source.Kind);

    /// <summary>The prompt of a request; a request that can't be read is answered from the conversation alone.</summary>
    /// <param name="request">What is asked beyond the conversation.</param>
    /// <param name="path">The messages of the conversation.</param>
    /// <param name="owner">Who asks.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
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

/// <summary>Reads requests of one kind that have all messages in them. A dialect registers one for each kind of request that it stores.</summary>
public interface IPromptSource
{
    /// <summary>The kind of the stored request.</summary>
    string Kind { get; }

    /// <summary>The prompt; null when the request can't be read.</summary>
    ValueTask<Prompt?> ReadAsync(StoredRequest request, Owner owner, CancellationToken cancellationToken);
}
