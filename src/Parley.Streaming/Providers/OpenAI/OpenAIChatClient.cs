using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>One model of one server that speaks OpenAI's Chat Completions.</summary>
public sealed class OpenAIChatClient(HttpClient http, ProviderEndpoint endpoint, string model, OpenAIClientOptions? options = null)
    : HttpChatClient(http, endpoint, model)
{
    private readonly int _maxFrameBytes = endpoint.MaxFrameBytes;
    private readonly OpenAIClientOptions _server = options ?? new();

    private protected override HttpChatCall Prepare(string model, IEnumerable<ChatMessage> messages, ChatOptions? options) =>
        new(
            "/chat/completions",
            OpenAIRequestWriter.Write(model, messages, options, _server),
            new OpenAIChunkReader(model, _maxFrameBytes)
        );
}
