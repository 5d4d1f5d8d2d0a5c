using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Anthropic;

/// <summary>The errors of the Messages API: in the body of a response, and in the middle of a stream.</summary>
internal static class AnthropicErrors
{
    /// <summary>The limits that the API counts in headers.</summary>
    public static IReadOnlyList<string> LimitHeaders { get; } =
    ["anthropic-ratelimit-requests", "anthropic-ratelimit-tokens", "anthropic-ratelimit-input-tokens", "anthropic-ratelimit-output-tokens"];

    /// <summary>The failure behind a status and a body, where the common rules do not tell it.</summary>
    public static ProviderFailure? Classify(int status, string body) =>
        status switch
        {
            400 or 413 when SaysTooLong(body) => ProviderFailure.ContextTooLong,
            400 or 403 or 429 when SaysNoCredit(body) => ProviderFailure.OutOfCredit,
            409 => ProviderFailure.Unavailable,
            413 => ProviderFailure.ContextTooLong,
            _ => null,
        };

    /// <summary>The failure behind an <c>error</c> event.</summary>
    public static ProviderFailure OfEvent(string? type, string message) =>
        type switch
        {
            "overloaded_error" or "api_error" or "timeout_error" or "conflict_error" => ProviderFailure.Unavailable,
            "rate_limit_error" => SaysNoCredit(message) ? ProviderFailure.OutOfCredit : ProviderFailure.RateLimited,
            "authentication_error" or "permission_error" => ProviderFailure.Unauthorized,
            "billing_error" => ProviderFailure.OutOfCredit,
            "not_found_error" => ProviderFailure.ModelNotFound,
            "request_too_large" => ProviderFailure.ContextTooLong,
            "invalid_request_error" when SaysTooLong(message) => ProviderFailure.ContextTooLong,
            "invalid_request_error" when SaysNoCredit(message) => ProviderFailure.OutOfCredit,
            "invalid_request_error" => ProviderFailure.Refused,
            _ => ProviderFailure.ReportedError,
        };

    private static bool SaysTooLong(string text) =>
        ProviderErrors.Says(text, "prompt is too long") || ProviderErrors.Says(text, "exceed context limit");

    private static bool SaysNoCredit(string text) =>
        ProviderErrors.Says(text, "credit balance is too low")
        || ProviderErrors.Says(text, "billing_error")
        || ProviderErrors.Says(text, "spend limit");
}
