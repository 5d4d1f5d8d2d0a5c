using Microsoft.Extensions.AI;

namespace Parley.Streaming.Generations;

/// <summary>What a generation asks, and of which model.</summary>
/// <param name="Client">The client of the model.</param>
/// <param name="Model">The model as Parley addresses it (<c>provider/model</c>); recorded in seams.</param>
/// <param name="Messages">The conversation, ending with the message to answer.</param>
/// <param name="Options">Parameters; null for the model's own.</param>
/// <param name="AcceptsPrefix">The model continues a trailing assistant message, instead of answering again.</param>
/// <param name="Continues">
/// The log of another answer with which this one begins. It is used when the generation is adopted before it has any entries of its own.
/// </param>
public sealed record GenerationRequest(
    IChatClient Client,
    string Model,
    IReadOnlyList<ChatMessage> Messages,
    ChatOptions? Options,
    bool AcceptsPrefix,
    LogSnapshot? Continues = null
)
{
    /// <summary>
    /// A request that could not be prepared. A generation that is stored must end, so it is started with this: it fails with
    /// <paramref name="exception"/>, which is logged.
    /// </summary>
    public static GenerationRequest Failing(string model, Exception exception) =>
        new(new FailingChatClient(exception), model, [], null, AcceptsPrefix: false);
}
