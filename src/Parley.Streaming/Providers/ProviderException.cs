namespace Parley.Streaming.Providers;

/// <summary>
/// The one exception that a provider's stream ends with. What was yielded before it stays valid. Neither
/// <see cref="Exception.Message"/> nor <see cref="UserMessage"/> contains anything that the provider sent.
/// </summary>
public sealed class ProviderException : Exception
{
    private const int MaxDetailLength = 500;

    /// <param name="provider">The provider's configured name.</param>
    /// <param name="failure">How it failed.</param>
    /// <param name="statusCode">The HTTP status, where one was received.</param>
    /// <param name="retryAfter">How long to wait before the next request, where the provider said so.</param>
    /// <param name="detail">What the provider sent, with secrets already removed. Trimmed to 500 characters.</param>
    /// <param name="messages">The wording of the provider's family. Default: the common wording with the provider's name.</param>
    public ProviderException(
        string provider,
        ProviderFailure failure,
        int? statusCode = null,
        TimeSpan? retryAfter = null,
        string? detail = null,
        ProviderErrorMessages? messages = null
    )
        : base(statusCode is { } status ? $"Provider {provider}: {failure} (HTTP {status})." : $"Provider {provider}: {failure}.")
    {
        Provider = provider;
        Failure = failure;
        StatusCode = statusCode;
        RetryAfter = retryAfter;
        Detail = detail is { Length: > MaxDetailLength } ? string.Concat(detail.AsSpan(0, MaxDetailLength), "…") : detail;
        UserMessage = (messages ?? new ProviderErrorMessages(ProviderErrorMessages.SubjectOf(provider))).Describe(failure, retryAfter);
    }

    /// <summary>The provider's configured name.</summary>
    public string Provider { get; }

    /// <summary>How it failed.</summary>
    public ProviderFailure Failure { get; }

    /// <summary>The HTTP status, where one was received.</summary>
    public int? StatusCode { get; }

    /// <summary>How long to wait before the next request, where the provider said so.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>What the provider sent, trimmed, secrets replaced. For Debug logs only: it is never shown or stored.</summary>
    public string? Detail { get; }

    /// <summary>Whether the same request may succeed later, or at another provider with the same model.</summary>
    public bool IsRetryable =>
        Failure switch
        {
            ProviderFailure.Unauthorized
            or ProviderFailure.OutOfCredit
            or ProviderFailure.ModelNotFound
            or ProviderFailure.ContextTooLong
            or ProviderFailure.Refused
            or ProviderFailure.Blocked
            or ProviderFailure.DeadlineExceeded => false,
            _ => true,
        };

    /// <summary>A sentence for the person who asked: what happened, and what to do.</summary>
    public string UserMessage { get; }
}
