using System.Globalization;
using System.Text;

namespace Parley.Streaming.Providers.Transport;

/// <summary>Maps statuses, headers and transport exceptions to failures.</summary>
internal static class ProviderErrors
{
    private const int MaxBodyBytes = 16 * 1024;
    private const NumberStyles NumberFormat =
        NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite;

    private static readonly TimeSpan BodyTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromDays(1);

    /// <summary>The failure behind a response that is not a success.</summary>
    public static async Task<ProviderException> FromResponseAsync(
        ProviderEndpoint endpoint,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        var status = (int)response.StatusCode;
        var body = await ReadBodyAsync(endpoint, response, cancellationToken);
        var wait =
            RetryAfter(response, endpoint.Time) is { } header && RetryDelay(body) is { } inBody
                ? (header > inBody ? header : inBody)
                : RetryAfter(response, endpoint.Time) ?? RetryDelay(body) ?? LimitReset(response, endpoint);
        return endpoint.Fail(endpoint.Classify?.Invoke(status, body) ?? Classify(status, body), body, status, wait);
    }

    /// <summary>The failure behind a status that is not a success.</summary>
    public static ProviderFailure Classify(int status, string body) =>
        status switch
        {
            >= 300 and < 400 => ProviderFailure.UnexpectedContent,
            401 or 403 => ProviderFailure.Unauthorized,
            402 => ProviderFailure.OutOfCredit,
            404 => ProviderFailure.ModelNotFound,
            408 or 498 or 499 => ProviderFailure.Unavailable,
            429 when Says(body, "insufficient_quota") || Says(body, "credit_balance_exhausted") => ProviderFailure.OutOfCredit,
            429 => ProviderFailure.RateLimited,
            400 or 413 or 422 when SaysTooLong(body) => ProviderFailure.ContextTooLong,
            >= 400 and < 500 => ProviderFailure.Refused,
            _ => ProviderFailure.Unavailable,
        };

    /// <summary>Null where the exception is not a failure of the transport.</summary>
    public static ProviderFailure? FromTransport(Exception exception) =>
        exception switch
        {
            // The handler reports its own connect timeout as a cancellation.
            OperationCanceledException { InnerException: TimeoutException } => ProviderFailure.ConnectTimedOut,
            HttpRequestException request => FromRequest(request.HttpRequestError),
            IOException => ProviderFailure.Reset,
            _ => null,
        };

    private static ProviderFailure FromRequest(HttpRequestError error) =>
        error switch
        {
            HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError => ProviderFailure.Unreachable,
            HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError => ProviderFailure.Unreachable,
            HttpRequestError.ConfigurationLimitExceeded => ProviderFailure.FrameTooLarge,
            HttpRequestError.InvalidResponse => ProviderFailure.UnexpectedContent,
            _ => ProviderFailure.Reset,
        };

    /// <summary>Seconds, milliseconds or a date; anything else is ignored.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
    {
        if (First(response, "retry-after-ms") is { } ms && TryNumber(ms, out var milliseconds))
        {
            return Bounded(milliseconds / 1000);
        }

        if (First(response, "Retry-After") is not { } value)
        {
            return null;
        }

        if (TryNumber(value, out var seconds))
        {
            return Bounded(seconds);
        }

        return DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? Bounded((date - time.GetUtcNow()).TotalSeconds)
            : null;
    }

    private static async Task<string> ReadBodyAsync(
        ProviderEndpoint endpoint,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        using var timeout = new CancellationTokenSource(BodyTimeout, endpoint.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var buffer = new byte[MaxBodyBytes];
        var length = 0;
        try
        {
            var body = await response.Content.ReadAsStreamAsync(linked.Token);
            for (int read; length < buffer.Length; length += read)
            {
                read = await body.ReadAsync(buffer.AsMemory(length), linked.Token);
                if (read == 0)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException)
        {
            // The status is enough; without the body only the detail is missing.
            cancellationToken.ThrowIfCancellationRequested();
        }

        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private static TimeSpan? LimitReset(HttpResponseMessage response, ProviderEndpoint endpoint)
    {
        TimeSpan? longest = null;
        foreach (var limit in endpoint.LimitHeaders)
        {
            if (
                First(response, limit + "-remaining")?.Trim() == "0"
                && DateTimeOffset.TryParse(
                    First(response, limit + "-reset"),
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var reset
                )
                && Bounded((reset - endpoint.Time.GetUtcNow()).TotalSeconds) is var wait
                && (longest is null || wait > longest)
            )
            {
                longest = wait;
            }
        }

        return longest;
    }

    // Google sends the wait in the body: "retryDelay": "17s".
    private static TimeSpan? RetryDelay(string body)
    {
        var key = body.IndexOf("\"retryDelay\"", StringComparison.Ordinal);
        if (key < 0)
        {
            return null;
        }

        var value = body.AsSpan(key + "\"retryDelay\"".Length).TrimStart(" :\r\n\t\"");
        var end = value.IndexOf('s');
        return end > 0 && TryNumber(value[..end], out var seconds) ? Bounded(seconds) : null;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out double number) =>
        double.TryParse(text, NumberFormat, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    private static TimeSpan Bounded(double seconds) =>
        seconds <= 0 ? TimeSpan.Zero
        : seconds >= MaxRetryAfter.TotalSeconds ? MaxRetryAfter
        : TimeSpan.FromSeconds(seconds);

    private static string? First(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static bool SaysTooLong(string body) =>
        Says(body, "context_length_exceeded") || Says(body, "maximum context length") || Says(body, "exceed_context_size");

    /// <summary>Whether a body contains a phrase, in any case.</summary>
    public static bool Says(string body, string phrase) => body.Contains(phrase, StringComparison.OrdinalIgnoreCase);
}
