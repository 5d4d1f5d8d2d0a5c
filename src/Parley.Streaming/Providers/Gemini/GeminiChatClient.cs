using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Prompts;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>One model of one server that speaks the Gemini API.</summary>
internal sealed class GeminiChatClient(HttpClient http, ProviderEndpoint endpoint, string model, GeminiClientOptions server)
    : HttpChatClient(http, endpoint, model)
{
    private readonly int _maxFrameBytes = endpoint.MaxFrameBytes;

    private protected override HttpChatCall Prepare(string model, IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var prompt = AlternatingPrompt.Create(messages, options?.Instructions);
        prompt = server.AcceptsPrefix ? prompt : prompt.WithoutPrefix();
        var body = new GeminiRequest(model, prompt, options ?? new ChatOptions(), server).Write();
        return new HttpChatCall(PathOf(model), body, new GeminiChunkReader(model, _maxFrameBytes), "alt=sse");
    }

    // A tuned model has its own collection.
    private static string PathOf(string model)
    {
        var isFull = model.StartsWith("models/", StringComparison.Ordinal) || model.StartsWith("tunedModels/", StringComparison.Ordinal);
        var slash = isFull ? model.IndexOf('/', StringComparison.Ordinal) : -1;
        var collection = isFull ? model[..slash] : "models";
        return $"/{collection}/{Uri.EscapeDataString(model[(slash + 1)..])}:streamGenerateContent";
    }
}
