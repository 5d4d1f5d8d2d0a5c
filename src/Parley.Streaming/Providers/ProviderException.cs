namespace Parley.Streaming.Providers;

/// <summary>How a provider failed. One value for every abnormal end, so that callers decide without reading messages.</summary>
public enum ProviderFailure
{
    /// <summary>Refused, unknown host name or no trusted TLS connection: nothing was sent.</summary>
    Unreachable,

    /// <summary>401 or 403: the key is missing, wrong or lacks access.</summary>
    Unauthorized,

    /// <summary>429: too many requests or tokens for now.</summary>
    RateLimited,

    /// <summary>402, or a 429 that names quota or credit: waiting does not help.</summary>
    OutOfCredit,

    /// <summary>404: no such model, or no such path below the base URL.</summary>
    ModelNotFound,

    /// <summary>The conversation does not fit into the model's context window.</summary>
    ContextTooLong,

    /// <summary>Any other 4xx: the provider does not take this request.</summary>
    Refused,

    /// <summary>5xx, 408, 498, 529: the provider is down or overloaded.</summary>
    Unavailable,

    /// <summary>No connection within the connect timeout.</summary>
    ConnectTimedOut,

    /// <summary>Connected, but no token within the first-token timeout.</summary>
    FirstTokenTimedOut,

    /// <summary>The answer began and then stopped coming.</summary>
    Stalled,

    /// <summary>The whole answer took longer than the total timeout.</summary>
    DeadlineExceeded,

    /// <summary>The connection broke.</summary>
    Reset,

    /// <summary>The stream ended cleanly, but without saying that the answer was finished.</summary>
    CutShort,

    /// <summary>A frame that is not what the protocol allows.</summary>
    MalformedFrame,

    /// <summary>A line, a frame or the buffered tool calls passed the limit.</summary>
    FrameTooLarge,

    /// <summary>The provider said inside the stream that it failed.</summary>
    ReportedError,

    /// <summary>A success status with something else than an answer: a web page, a redirect, nothing.</summary>
    UnexpectedContent,
}

/// <summary>
/// The one exception that a provider's stream ends with. What was yielded before it stays valid. Neither
/// <see cref="Exception.Message"/> nor <see cref="UserMessage"/> holds anything that the provider sent.
/// </summary>
public sealed class ProviderException : Exception
{
    private const int MaxDetailLength = 500;

    public ProviderException(
        string provider,
        ProviderFailure failure,
        int? statusCode = null,
        TimeSpan? retryAfter = null,
        string? detail = null)
        : base(statusCode is { } status ? $"Provider {provider}: {failure} (HTTP {status})." : $"Provider {provider}: {failure}.")
    {
        Provider = provider;
        Failure = failure;
        StatusCode = statusCode;
        RetryAfter = retryAfter;
        Detail = detail is { Length: > MaxDetailLength } ? string.Concat(detail.AsSpan(0, MaxDetailLength), "…") : detail;
    }

    /// <summary>The configured name of the provider, for example <c>openai</c>.</summary>
    public string Provider { get; }

    public ProviderFailure Failure { get; }

    /// <summary>The HTTP status, where one was received.</summary>
    public int? StatusCode { get; }

    /// <summary>How long the provider asked to be left alone.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>What the provider said, trimmed, keys replaced. For Debug logs only: never show it, never store it.</summary>
    public string? Detail { get; }

    /// <summary>Whether the same request may succeed, here after a pause or at another provider with the same model.</summary>
    public bool IsRetryable => Failure switch
    {
        ProviderFailure.Unauthorized or ProviderFailure.OutOfCredit or ProviderFailure.ModelNotFound
            or ProviderFailure.ContextTooLong or ProviderFailure.Refused or ProviderFailure.DeadlineExceeded => false,
        _ => true,
    };

    /// <summary>A sentence for the person who asked: what happened, and what to do.</summary>
    public string UserMessage => Failure switch
    {
        ProviderFailure.Unreachable => $"{Named} could not be reached. Check its base URL and that it is running.",
        ProviderFailure.Unauthorized => $"{Named} did not accept the API key. Check the key and what it may use.",
        ProviderFailure.RateLimited when RetryAfter is { TotalSeconds: >= 1 } wait =>
            $"{Named} is limiting requests. Try again in {Describe(wait)}.",
        ProviderFailure.RateLimited => $"{Named} is limiting requests. Try again in a moment.",
        ProviderFailure.OutOfCredit => $"The account at {Named} has no credit or quota left. Top it up, or choose another model.",
        ProviderFailure.ModelNotFound => $"{Named} does not have this model. Choose another one, or check the provider's base URL.",
        ProviderFailure.ContextTooLong => "This conversation is too long for the model. Start a new one, or choose a model with a larger context.",
        ProviderFailure.Refused => $"{Named} did not accept the request. Try another model, or change the message.",
        ProviderFailure.Unavailable => $"{Named} is not available at the moment. Try again, or choose another model.",
        ProviderFailure.ConnectTimedOut => $"{Named} did not answer the connection. Check its base URL and that it is running.",
        ProviderFailure.FirstTokenTimedOut => $"{Named} did not begin to answer in time. Try again, or choose another model.",
        ProviderFailure.Stalled => $"{Named} stopped sending in the middle of the answer. What arrived is kept; you can continue it.",
        ProviderFailure.DeadlineExceeded => "The answer took longer than allowed. What arrived is kept; you can continue it.",
        ProviderFailure.Reset => $"The connection to {Named} broke. What arrived is kept; you can continue it.",
        ProviderFailure.CutShort => $"{Named} ended before the answer was complete. What arrived is kept; you can continue it.",
        ProviderFailure.MalformedFrame => $"{Named} sent something that is not a valid answer. What arrived before it is kept.",
        ProviderFailure.FrameTooLarge => $"{Named} sent more at once than is allowed. What arrived before it is kept.",
        ProviderFailure.ReportedError => $"{Named} reported an error. What arrived before it is kept; you can try again.",
        ProviderFailure.UnexpectedContent => $"{Named} answered with something that is not a chat answer. Check its base URL.",
        _ => $"{Named} failed. Try again, or choose another model.",
    };

    /// <summary>The provider as its makers write it, where that is known.</summary>
    private string Named => Provider switch
    {
        "openai" => "OpenAI",
        "xai" => "xAI",
        "nvidia" => "NVIDIA",
        "openrouter" => "OpenRouter",
        "demo" => "The demo model",
        { Length: > 0 } => char.ToUpperInvariant(Provider[0]) + Provider[1..],
        _ => "The provider",
    };

    private static string Describe(TimeSpan wait) => wait switch
    {
        { TotalSeconds: < 90 } => $"{Math.Ceiling(wait.TotalSeconds):0} s",
        { TotalMinutes: < 90 } => $"{Math.Ceiling(wait.TotalMinutes):0} min",
        _ => $"{Math.Ceiling(wait.TotalHours):0} h",
    };
}
