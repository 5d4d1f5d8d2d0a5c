using Microsoft.Extensions.AI;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>The messages and parameters that are sent to a model.</summary>
/// <param name="Messages">The messages; the last one is the one to answer.</param>
/// <param name="Options">Parameters; null for the model's defaults.</param>
public sealed record Prompt(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options = null)
{
    /// <summary>The request to the engine for a model.</summary>
    public GenerationRequest For(ModelRoute route, LogSnapshot? continues = null)
    {
        var options = Options?.Clone() ?? new ChatOptions();
        options.ModelId = route.Model;
        return new GenerationRequest(route.Client, route.Id, Messages, options, route.Capabilities.AcceptsPrefix, continues);
    }
}
