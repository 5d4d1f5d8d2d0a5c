using Microsoft.Extensions.AI;
using Parley.Server.OpenApi;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;

namespace Parley.Server.Generations;

/// <summary>What a model is told.</summary>
/// <param name="Messages">The messages, ending with the one to answer.</param>
/// <param name="Options">Parameters; null for the model's own.</param>
public sealed record Prompt(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options = null)
{
    /// <summary>The same as the engine takes it, for a model.</summary>
    public GenerationRequest For(ModelRoute route, LogSnapshot? continues = null)
    {
        var options = Options?.Clone() ?? new ChatOptions();
        options.ModelId = route.Model;
        return new GenerationRequest(route.Client, route.Id, Messages, options, route.Capabilities.AcceptsPrefix, continues);
    }
}
