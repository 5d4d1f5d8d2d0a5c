using Microsoft.Extensions.AI;

namespace Parley.Streaming.Generations;

/// <summary>
/// The client of a request that could not be prepared: it fails at once, which ends the generation as any failure of a model does.
/// </summary>
internal sealed class FailingChatClient(Exception exception) : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => Task.FromException<ChatResponse>(exception);

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => throw exception;

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose() { }
}
