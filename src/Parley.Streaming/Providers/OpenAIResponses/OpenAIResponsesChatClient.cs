using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Prompts;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.OpenAIResponses;

/// <summary>One model of one server that speaks the Responses API.</summary>
internal sealed class OpenAIResponsesChatClient(HttpClient http, ProviderEndpoint endpoint, string model, bool showsThinking)
    : HttpChatClient(http, endpoint, model)
{
    private readonly int _maxFrameBytes = endpoint.MaxFrameBytes;

    private protected override HttpChatCall Prepare(string model, IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var prompt = AlternatingPrompt.Create(messages, options?.Instructions).WithoutPrefix();
        var body = new OpenAIResponsesRequest(model, prompt, options ?? new ChatOptions(), showsThinking).Write();
        return new HttpChatCall("/responses", body, new OpenAIResponsesEventReader(model, _maxFrameBytes));
    }
}
