using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>
/// One model of one server that speaks OpenAI's Chat Completions. Every abnormal end is a
/// <see cref="ProviderException"/>, thrown after everything that arrived before it was yielded.
/// </summary>
public sealed class OpenAIChatClient(HttpClient http, ProviderEndpoint endpoint, string model, OpenAIClientOptions? options = null) : IChatClient
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly OpenAIClientOptions _options = options ?? new();
    private readonly ChatClientMetadata _metadata = new(endpoint.Name, endpoint.BaseUrl, model);

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var response = await GetStreamingResponseAsync(messages, options, cancellationToken)
            .ToChatResponseAsync(cancellationToken).ConfigureAwait(false);
        foreach (var message in response.Messages)
            message.Contents = ToolCallContents.Join(message.Contents);
        return response;
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var asked = options?.ModelId ?? model;
        using var request = endpoint.CreateRequest(HttpMethod.Post, "/chat/completions");
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream, application/json");
        request.Content = new ReadOnlyMemoryContent(OpenAIRequestWriter.Write(asked, messages, options, _options));
        request.Content.Headers.ContentType = Json;

        using var stream = await ProviderStream.OpenAsync(endpoint, http, request, cancellationToken).ConfigureAwait(false);
        var chunks = new OpenAIChunkReader(asked, endpoint.MaxFrameBytes);
        var answer = chunks.Answer;
        while (!chunks.IsDone && await stream.ReadAsync().ConfigureAwait(false))
        {
            chunks.Read(stream.Data, stream.IsError);
            if (stream.IsWholeBody)
                chunks.EndOfBody();
            if (answer.Ready.Count == 0)
                continue;
            stream.ContentArrived();
            if (answer.IsFinished)
                stream.Finished();
            for (var i = 0; i < answer.Ready.Count; i++)
                yield return answer.Ready[i];
            answer.Ready.Clear();
        }

        answer.End();
        for (var i = 0; i < answer.Ready.Count; i++)
            yield return answer.Ready[i];
        if (!answer.IsFinished)
            throw stream.Failure ?? endpoint.Fail(FailureOf(chunks, stream), chunks.FailureDetail);
    }

    private static ProviderFailure FailureOf(OpenAIChunkReader chunks, ProviderStream stream) => chunks.Failure switch
    {
        null => ProviderFailure.CutShort,
        ProviderFailure.MalformedFrame when stream.IsUnterminated => ProviderFailure.CutShort,
        var failure => failure.Value,
    };

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        return serviceType == typeof(ChatClientMetadata) ? _metadata : serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Nothing to release: the HTTP client belongs to whoever made it.</summary>
    public void Dispose()
    {
    }
}
