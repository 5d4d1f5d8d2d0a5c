using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Parley.Streaming.Providers.Transport;

/// <summary>One configured upstream: its address, the key that only it may receive, and the limits of a call to it.</summary>
public sealed class ProviderEndpoint
{
    private const string Redacted = "***";
    private const int MinSecretHeaderLength = 6;

    /// <summary>The configured name, as in <c>provider/model</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The base URL, for example <c>https://api.openai.com/v1</c>. A query is kept on every request.</summary>
    public required Uri BaseUrl { get; init; }

    /// <summary>The API key; null for a server without keys.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The header that carries the key. Default <see cref="ApiKeyHeader.Bearer"/>.</summary>
    public ApiKeyHeader KeyHeader { get; init; } = ApiKeyHeader.Bearer;

    /// <summary>Further headers of every request, for example an organisation or a version of the protocol. Treated as secrets.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The beginnings of the headers that count a limit: <c>x-tokens</c> for <c>x-tokens-remaining</c>, a number, and
    /// <c>x-tokens-reset</c>, a date. Where <c>Retry-After</c> is missing, the latest reset of a used-up limit is the time to wait.
    /// </summary>
    public IReadOnlyList<string> LimitHeaders { get; init; } = [];

    /// <summary>
    /// What the family knows of its errors: the failure behind a status and a body; null where the common rules apply.
    /// </summary>
    public Func<int, string, ProviderFailure?>? Classify { get; init; }

    /// <summary>The limits on time.</summary>
    public ProviderTimeouts Timeouts { get; init; } = new();

    /// <summary>The largest single frame, and the largest whole answer that is not streamed, in bytes. Default 8 MiB.</summary>
    public int MaxFrameBytes { get; init; } = SseReader.DefaultMaxEventBytes;

    /// <summary>Use the machine's proxy settings. Default false.</summary>
    public bool UseProxy { get; init; }

    /// <summary>The wording of failures. Default: the common wording with the configured name.</summary>
    public ProviderErrorMessages? Messages { get; init; }

    /// <summary>The clock of all limits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Receives one Debug line for each failed call.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The endpoint that a provider's settings describe.</summary>
    public static ProviderEndpoint Create(
        string name,
        HttpProviderOptions options,
        ApiKeyHeader keyHeader,
        ProviderErrorMessages messages,
        TimeProvider time,
        ILogger logger,
        IReadOnlyList<string>? limitHeaders = null,
        Func<int, string, ProviderFailure?>? classify = null
    ) =>
        new()
        {
            Name = name,
            BaseUrl = new Uri(options.BaseUrl!),
            ApiKey = options.ApiKey,
            KeyHeader = keyHeader,
            Headers = new Dictionary<string, string>(options.Headers, StringComparer.OrdinalIgnoreCase),
            LimitHeaders = limitHeaders ?? [],
            Classify = classify,
            Timeouts = options.ToTimeouts(),
            MaxFrameBytes = options.MaxFrameBytes,
            UseProxy = options.UseProxy,
            Messages = messages,
            Time = time,
            Logger = logger,
        };

    /// <summary>An HTTP client for this endpoint. It never follows a redirect, keeps no cookies and has no timeout of its own.</summary>
    public HttpClient CreateHttpClient() =>
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = UseProxy,
                ConnectTimeout = Timeouts.Connect,
                PooledConnectionLifetime = TimeSpan.FromMinutes(10),
                MaxConnectionsPerServer = int.MaxValue,
                EnableMultipleHttp2Connections = true,
                MaxResponseHeadersLength = 32,
                // A provider is another party, which has no use for the trace of a request to this server.
                ActivityHeadersPropagator = null,
                // A stopped answer is not read to its end: keeping the connection is worth a few bytes only.
                MaxResponseDrainSize = 16 * 1024,
                ResponseDrainTimeout = TimeSpan.FromMilliseconds(250),
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };

    internal HttpRequestMessage CreateRequest(HttpMethod method, string path, string? query = null)
    {
        var url = new UriBuilder(BaseUrl);
        url.Path = url.Path.TrimEnd('/') + path;
        url.Query = query is null || url.Query.Length <= 1 ? query ?? url.Query : $"{url.Query}&{query}";
        var isSecure = url.Scheme == Uri.UriSchemeHttps;
        var request = new HttpRequestMessage(method, url.Uri)
        {
            Version = isSecure ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = isSecure ? HttpVersionPolicy.RequestVersionOrLower : HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.ExpectContinue = false;
        request.Headers.TryAddWithoutValidation("User-Agent", "Parley");
        foreach (var (name, value) in Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        // Redirects are off, so no response moves the request to another origin. This guards against a path that does.
        if (ApiKey is not null && IsSameOrigin(request.RequestUri, BaseUrl))
        {
            request.Headers.TryAddWithoutValidation(KeyHeader.Name, KeyHeader.ValueOf(ApiKey));
        }

        return request;
    }

    internal ProviderException Fail(ProviderFailure failure, string? detail = null, int? status = null, TimeSpan? retryAfter = null)
    {
        var exception = new ProviderException(Name, failure, status, retryAfter, Redact(detail), Messages);
        ProviderLog.CallFailed(Logger, Name, failure, status, exception.Detail);
        return exception;
    }

    private static bool IsSameOrigin(Uri? one, Uri other) =>
        Uri.Compare(one, other, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private string? Redact(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (!string.IsNullOrEmpty(ApiKey))
        {
            text = text.Replace(ApiKey, Redacted, StringComparison.OrdinalIgnoreCase);
        }

        foreach (var value in Headers.Values)
        {
            text = value.Length < MinSecretHeaderLength ? text : text.Replace(value, Redacted, StringComparison.OrdinalIgnoreCase);
        }

        return text;
    }
}

internal static partial class ProviderLog
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Provider {Provider} failed: {Failure}, status {Status}, detail: {Detail}")]
    public static partial void CallFailed(ILogger logger, string provider, ProviderFailure failure, int? status, string? detail);
}
