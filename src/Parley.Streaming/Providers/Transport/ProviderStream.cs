using System.Net;
using System.Runtime.CompilerServices;

namespace Parley.Streaming.Providers.Transport;

/// <summary>
/// One streamed call: sends the request, reads events, enforces the limits. Every abnormal end becomes one
/// <see cref="ProviderException"/> in <see cref="Failure"/>, so that the caller can first yield what it has.
/// </summary>
internal sealed class ProviderStream : IDisposable
{
    private readonly ProviderEndpoint _endpoint;
    private readonly StreamWatch _watch;
    private readonly CancellationToken _caller;
    private HttpResponseMessage? _response;
    private SseReader? _reader;
    private bool _started;
    private bool _wholeBody;
    private bool _bodyTaken;

    private ProviderStream(ProviderEndpoint endpoint, CancellationToken caller)
    {
        _endpoint = endpoint;
        _caller = caller;
        _watch = new StreamWatch(endpoint.Time, endpoint.Timeouts, caller);
    }

    /// <summary>The data of the current event, valid until the next read.</summary>
    public ReadOnlySpan<byte> Data => _reader!.Data;

    /// <summary>The current event is marked as an error.</summary>
    public bool IsError => _reader!.IsError || _reader.EventType.SequenceEqual("error"u8);

    /// <summary>The current event ends where the stream ends: if it cannot be read, the stream was cut.</summary>
    public bool IsUnterminated => _reader!.IsUnterminated;

    /// <summary>The answer came as one JSON body: there is one event, and its end is the answer's end.</summary>
    public bool IsWholeBody => _wholeBody;

    /// <summary>The failure that ended the stream, if one did.</summary>
    public ProviderException? Failure { get; private set; }

    /// <summary>Sends the request. Throws where the response is not a stream.</summary>
    public static async Task<ProviderStream> OpenAsync(
        ProviderEndpoint endpoint,
        HttpClient http,
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var stream = new ProviderStream(endpoint, cancellationToken);
        try
        {
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stream._watch.Token);
            stream._response = response;
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw await RejectAsync(endpoint, response, stream._watch.Token);
            }

            CheckContent(endpoint, response);
            var body = await response.Content.ReadAsStreamAsync(stream._watch.Token);
            stream._reader = new SseReader(body, endpoint.MaxFrameBytes);
            return stream;
        }
        catch (Exception exception)
        {
            var translated = stream.Translate(exception);
            stream.Dispose();
            if (translated == exception)
            {
                throw;
            }

            throw translated;
        }
    }

    /// <summary>True with an event; false at the end, or with <see cref="Failure"/> set.</summary>
    public ValueTask<bool> ReadAsync() =>
        _started && !_wholeBody && _reader!.TryRead(out var result) ? new(Take(result)) : ReadSlowlyAsync();

    /// <summary>Text, reasoning or a tool call was in the last event.</summary>
    public void ContentArrived() => _watch.ContentArrived();

    /// <summary>The finish reason was in the last event: from here on nothing is a failure.</summary>
    public void Finished() => _watch.Finished();

    public void Dispose()
    {
        _watch.Dispose();
        _response?.Dispose();
        _reader?.Dispose();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReadSlowlyAsync()
    {
        var reader = _reader!;
        try
        {
            while (true)
            {
                if (!_started && reader.PeekFirst() is { } first)
                {
                    Start(first);
                }

                if (Failure is not null)
                {
                    return false;
                }

                if (_started && TryTake(out var took))
                {
                    return took;
                }

                _watch.BeginWait();
                await reader.FillAsync(_watch.Token);
                _watch.BytesArrived();
            }
        }
        catch (Exception exception)
        {
            var translated = Translate(exception);
            Failure = translated as ProviderException;
            if (Failure is not null)
            {
                return false;
            }

            if (translated == exception)
            {
                throw;
            }

            throw translated;
        }
    }

    private bool TryTake(out bool took)
    {
        took = false;
        if (_wholeBody)
        {
            if (_bodyTaken)
            {
                return true;
            }

            if (_reader!.TakeBody() is not { } body)
            {
                return false;
            }

            _bodyTaken = true;
            took = Take(body);
            return true;
        }

        if (!_reader!.TryRead(out var result))
        {
            return false;
        }

        took = Take(result);
        return true;
    }

    private bool Take(SseReadResult result)
    {
        if (result == SseReadResult.TooLarge)
        {
            Failure = _endpoint.Fail(ProviderFailure.FrameTooLarge);
        }

        return result == SseReadResult.Event;
    }

    // The first byte is more reliable than the content type, which gateways often set wrongly.
    private void Start(int first)
    {
        _started = true;
        if (first is '{' or '[')
        {
            _wholeBody = true;
        }
        else if (first == '<' || (first < 0 && _response!.Content.Headers.ContentType?.MediaType != "text/event-stream"))
        {
            Failure = _endpoint.Fail(ProviderFailure.UnexpectedContent, status: (int)_response!.StatusCode);
        }
    }

    private static void CheckContent(ProviderEndpoint endpoint, HttpResponseMessage response)
    {
        var headers = response.Content.Headers;
        var isPage = headers.ContentType?.MediaType is { } type && type.Contains("html", StringComparison.OrdinalIgnoreCase);
        if (isPage || headers.ContentEncoding.Any(encoding => !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)))
        {
            throw endpoint.Fail(ProviderFailure.UnexpectedContent, status: (int)response.StatusCode);
        }
    }

    private static async Task<ProviderException> RejectAsync(
        ProviderEndpoint endpoint,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    ) =>
        (int)response.StatusCode < 400
            ? endpoint.Fail(ProviderFailure.UnexpectedContent, status: (int)response.StatusCode)
            : await ProviderErrors.FromResponseAsync(endpoint, response, cancellationToken);

    private Exception Translate(Exception exception)
    {
        if (exception is ProviderException)
        {
            return exception;
        }

        if (_caller.IsCancellationRequested)
        {
            return new OperationCanceledException(_caller);
        }

        if (_watch.Expired is { } expired)
        {
            return _endpoint.Fail(expired);
        }

        return ProviderErrors.FromTransport(exception) is { } failure
            ? _endpoint.Fail(failure, $"{exception.GetType().Name}: {exception.Message}")
            : exception;
    }
}
