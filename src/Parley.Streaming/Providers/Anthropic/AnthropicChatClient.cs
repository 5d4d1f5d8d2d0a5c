using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Prompts;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>One model of one server that speaks the Messages API.</summary>
internal sealed class AnthropicChatClient(HttpClient http, ProviderEndpoint endpoint, string model, AnthropicClientOptions server)
    : HttpChatClient(http, endpoint, model)
{
    private readonly int _maxFrameBytes = endpoint.MaxFrameBytes;

    private protected override HttpChatCall Prepare(string model, IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var accepts = AnthropicModel.Of(model);
        var prompt = AlternatingPrompt.Create(messages, options?.Instructions);
        var reader = new AnthropicEventReader(model, _maxFrameBytes);
        if (!server.AcceptsPrefix || !accepts.AcceptsPrefix)
        {
            prompt = prompt.WithoutPrefix();
        }
        else if (prompt.EndsWithAssistant && prompt.Turns[^1].Contents[^1] is TextContent { Text: var prefix })
        {
            reader.Answer.SkipAtStart(prefix[prefix.TrimEnd().Length..]);
        }

        return new HttpChatCall(
            "/messages",
            new AnthropicRequest(model, accepts, prompt, options ?? new ChatOptions(), server).Write(),
            reader
        );
    }
}
