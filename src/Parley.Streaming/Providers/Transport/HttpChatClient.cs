using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers.Updates;

namespace Parley.Streaming.Providers.Transport;

/// <summary>
/// One model of one server that streams its answers as events. A family derives from it: it writes the request and reads the frames.
/// Every abnormal end is a <see cref="ProviderException"/>, thrown after everything that arrived before it was yielded.
/// </summary>
public abstract class HttpChatClient : IChatClient
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly HttpClient _http;
    private readonly ProviderEndpoint _endpoint;
    private readonly string _model;
    private readonly ChatClientMetadata _metadata;

    private protected HttpChatClient(HttpClient http, ProviderEndpoint endpoint, string model)
    {
        _http = http;
        _endpoint = endpoint;
        _model = model;
        _metadata = new ChatClientMetadata(endpoint.Name, endpoint.BaseUrl, model);
    }

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
        var call = Prepare(options?.ModelId ?? _model, messages, options);
        using var request = _endpoint.CreateRequest(HttpMethod.Post, call.Path, call.Query);
        request.Headers.TryAddWithoutValidation("Accept", "text/event-stream, application/json");
        request.Content = new ReadOnlyMemoryContent(call.Body);
        request.Content.Headers.ContentType = Json;

        using var stream = await ProviderStream.OpenAsync(_endpoint, _http, request, cancellationToken);
        var reader = call.Reader;
        var answer = reader.Answer;
        while (!reader.IsDone && await stream.ReadAsync())
        {
            reader.Read(stream.Data, stream.IsError);
            if (stream.IsWholeBody)
            {
                reader.EndOfBody();
            }

            if (reader.IsWorking || answer.Ready.Count > 0)
            {
                stream.ContentArrived();
            }

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
            throw stream.Failure ?? _endpoint.Fail(FailureOf(reader, stream), reader.FailureDetail);
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
    public void Dispose() => GC.SuppressFinalize(this);

    /// <summary>Writes the request, and creates the reader of its answer.</summary>
    private protected abstract HttpChatCall Prepare(string model, IEnumerable<ChatMessage> messages, ChatOptions? options);

    private static ProviderFailure FailureOf(AnswerReader reader, ProviderStream stream) =>
        reader.Failure switch
        {
            null => ProviderFailure.CutShort,
            ProviderFailure.MalformedFrame when stream.IsUnterminated => ProviderFailure.CutShort,
            var failure => failure.Value,
        };
}

/// <summary>One call of an <see cref="HttpChatClient"/>.</summary>
/// <param name="Path">The path below the base URL, for example <c>/chat/completions</c>.</param>
/// <param name="Body">The JSON to send.</param>
/// <param name="Reader">The reader of the answer's frames.</param>
/// <param name="Query">The query without its question mark; null where there is none.</param>
internal sealed record HttpChatCall(string Path, ReadOnlyMemory<byte> Body, AnswerReader Reader, string? Query = null);
