using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.OpenAI;

/// <summary>
/// One model of one server that speaks OpenAI's Chat Completions. Every abnormal end is a
/// <see cref="ProviderException"/>, thrown after everything that arrived before it was yielded.
/// </summary>
public sealed class OpenAIChatClient(HttpClient http, ProviderEndpoint endpoint, string model, OpenAIClientOptions? options = null)
    : IChatClient
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly OpenAIClientOptions _options = options ?? new();
    private readonly ChatClientMetadata _metadata = new(endpoint.Name, endpoint.BaseUrl, model);

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => GetStreamingResponseAsync(messages, options, cancellationToken).ToWholeResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var requestedModel = options?.ModelId ?? model;
        using var request = endpoint.CreateRequest(HttpMethod.Post, "/chat/completions");
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream, application/json");
        request.Content = new ReadOnlyMemoryContent(OpenAIRequestWriter.Write(requestedModel, messages, options, _options));
        request.Content.Headers.ContentType = Json;

        using var stream = await ProviderStream.OpenAsync(endpoint, http, request, cancellationToken);
        var chunks = new OpenAIChunkReader(requestedModel, endpoint.MaxFrameBytes);
        var answer = chunks.Answer;
        while (!chunks.IsDone && await stream.ReadAsync())
        {
            chunks.Read(stream.Data, stream.IsError);
            if (stream.IsWholeBody)
            {
                chunks.EndOfBody();
            }

            if (answer.Ready.Count == 0)
            {
                continue;
            }

            stream.ContentArrived();
            if (answer.IsFinished)
            {
                stream.Finished();
            }

            for (var i = 0; i < answer.Ready.Count; i++)
            {
                yield return answer.Ready[i];
            }

            answer.Ready.Clear();
        }

        answer.End();
        for (var i = 0; i < answer.Ready.Count; i++)
        {
            yield return answer.Ready[i];
        }

        if (!answer.IsFinished)
        {
            throw stream.Failure ?? endpoint.Fail(FailureOf(chunks, stream), chunks.FailureDetail);
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        if (serviceKey is not null)
        {
            return null;
        }

        return serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Nothing to release: the provider owns the HTTP client.</summary>
    public void Dispose() { }

    private static ProviderFailure FailureOf(OpenAIChunkReader chunks, ProviderStream stream) =>
        chunks.Failure switch
        {
            null => ProviderFailure.CutShort,
            ProviderFailure.MalformedFrame when stream.IsUnterminated => ProviderFailure.CutShort,
            var failure => failure.Value,
        };
}
