using Microsoft.Extensions.AI;

namespace Parley.Streaming.Generations;

/// <summary>What to ask of which model.</summary>
/// <param name="Client">Speaks to the model.</param>
/// <param name="Model">The model as Parley addresses it (<c>provider/model</c>); recorded in seams.</param>
/// <param name="Messages">The conversation, ending with the message to answer.</param>
/// <param name="Options">Parameters; null for the model's own.</param>
/// <param name="AcceptsPrefix">The model goes on with a trailing assistant message, instead of answering anew.</param>
/// <param name="Continues">The log of another answer that this one begins with; looked at when the generation is adopted before it had anything of its own.</param>
public sealed record GenerationRequest(
    IChatClient Client,
    string Model,
    IReadOnlyList<ChatMessage> Messages,
    ChatOptions? Options,
    bool AcceptsPrefix,
    FoldedLog? Continues = null
);

/// <summary>The host's side of adoption: what an abandoned generation had been asked.</summary>
public interface IGenerationRequests
{
    /// <summary>The request of a generation that another process started, or null when it can't be asked again (its model is gone, say).</summary>
    ValueTask<GenerationRequest?> LoadAsync(GenerationId id, CancellationToken cancellationToken);
}
