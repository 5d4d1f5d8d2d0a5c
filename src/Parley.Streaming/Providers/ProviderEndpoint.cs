using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Parley.Streaming.Providers;

/// <summary>One configured upstream: where it is, the key that only it may see, and the limits of a call to it.</summary>
public sealed class ProviderEndpoint
{
    /// <summary>The configured name, as in <c>provider/model</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The base URL, for example <c>https://api.openai.com/v1</c>. A query is kept on every request.</summary>
    public required Uri BaseUrl { get; init; }

    /// <summary>The bearer key; null for a server without one.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Further headers of every request, for example an organisation. Treated as secrets.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public ProviderTimeouts Timeouts { get; init; } = new();

    /// <summary>The most that one frame, or a whole answer that is not streamed, may take. Default 8 MiB.</summary>
    public int MaxFrameBytes { get; init; } = SseReader.DefaultMaxEventBytes;

    /// <summary>Use the machine's proxy settings. Default false.</summary>
    public bool UseProxy { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>An HTTP client for this endpoint. It never follows a redirect, keeps no cookies and has no timeout of its own.</summary>
    public HttpClient CreateHttpClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = UseProxy,
        ConnectTimeout = Timeouts.Connect,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        MaxConnectionsPerServer = int.MaxValue,
        EnableMultipleHttp2Connections = true,
        MaxResponseHeadersLength = 32,
        // An answer that is stopped is not read to its end: a few bytes are all that keeping the connection is worth.
        MaxResponseDrainSize = 16 * 1024,
        ResponseDrainTimeout = TimeSpan.FromMilliseconds(250),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    internal HttpRequestMessage CreateRequest(HttpMethod method, string path)
    {
        var url = new UriBuilder(BaseUrl);
        url.Path = url.Path.TrimEnd('/') + path;
        var secure = url.Scheme == Uri.UriSchemeHttps;
        var request = new HttpRequestMessage(method, url.Uri)
        {
            Version = secure ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
            VersionPolicy = secure ? HttpVersionPolicy.RequestVersionOrLower : HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.ExpectContinue = false;
        request.Headers.TryAddWithoutValidation("User-Agent", "Parley");
        foreach (var (name, value) in Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        // Redirects are off, so no other origin can follow; this holds the key even against a path that changes the host.
        if (ApiKey is not null && Uri.Compare(request.RequestUri, BaseUrl, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {ApiKey}");
        return request;
    }

    internal ProviderException Fail(ProviderFailure failure, string? detail = null, int? status = null, TimeSpan? retryAfter = null)
    {
        var error = new ProviderException(Name, failure, status, retryAfter, Redact(detail));
        ProviderLog.CallFailed(Logger, Name, failure, status, error.Detail);
        return error;
    }

    private string? Redact(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (!string.IsNullOrEmpty(ApiKey))
            text = text.Replace(ApiKey, "***", StringComparison.OrdinalIgnoreCase);
        foreach (var value in Headers.Values)
            text = value.Length < 6 ? text : text.Replace(value, "***", StringComparison.OrdinalIgnoreCase);
        return text;
    }
}

internal static partial class ProviderLog
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Provider {Provider} failed: {Failure}, status {Status}, detail: {Detail}")]
    public static partial void CallFailed(ILogger logger, string provider, ProviderFailure failure, int? status, string? detail);
}
