using Parley.Streaming.Providers;

namespace Parley.Streaming.Generations;

/// <summary>
/// The codes of generations that failed or were interrupted. They are public, and clients rely on them: a code never changes.
/// </summary>
public static class FailureCodes
{
    /// <summary>The model completed without sending anything.</summary>
    public const string EmptyAnswer = "empty_answer";

    /// <summary>The generation took longer than <see cref="GenerationOptions.Deadline"/>.</summary>
    public const string DeadlineExceeded = "deadline_exceeded";

    /// <summary>An unexpected error of the server.</summary>
    public const string InternalError = "internal_error";

    /// <summary>The process that ran the generation died, and no node could continue it.</summary>
    public const string Interrupted = "interrupted";

    /// <summary><see cref="ProviderFailure.Unreachable"/>.</summary>
    public const string ProviderUnreachable = "provider_unreachable";

    /// <summary><see cref="ProviderFailure.Unauthorized"/>.</summary>
    public const string ProviderUnauthorized = "provider_unauthorized";

    /// <summary><see cref="ProviderFailure.RateLimited"/>.</summary>
    public const string ProviderRateLimited = "provider_rate_limited";

    /// <summary><see cref="ProviderFailure.OutOfCredit"/>.</summary>
    public const string ProviderOutOfCredit = "provider_out_of_credit";

    /// <summary><see cref="ProviderFailure.ModelNotFound"/>.</summary>
    public const string ProviderModelNotFound = "provider_model_not_found";

    /// <summary><see cref="ProviderFailure.ContextTooLong"/>.</summary>
    public const string ProviderContextTooLong = "provider_context_too_long";

    /// <summary><see cref="ProviderFailure.Refused"/>.</summary>
    public const string ProviderRefused = "provider_refused";

    /// <summary><see cref="ProviderFailure.Blocked"/>.</summary>
    public const string ProviderBlocked = "provider_blocked";

    /// <summary><see cref="ProviderFailure.Unavailable"/>.</summary>
    public const string ProviderUnavailable = "provider_unavailable";

    /// <summary><see cref="ProviderFailure.ConnectTimedOut"/>.</summary>
    public const string ProviderConnectTimedOut = "provider_connect_timed_out";

    /// <summary><see cref="ProviderFailure.FirstTokenTimedOut"/>.</summary>
    public const string ProviderFirstTokenTimedOut = "provider_first_token_timed_out";

    /// <summary><see cref="ProviderFailure.Stalled"/>.</summary>
    public const string ProviderStalled = "provider_stalled";

    /// <summary><see cref="ProviderFailure.DeadlineExceeded"/>.</summary>
    public const string ProviderDeadlineExceeded = "provider_deadline_exceeded";

    /// <summary><see cref="ProviderFailure.Reset"/>.</summary>
    public const string ProviderReset = "provider_reset";

    /// <summary><see cref="ProviderFailure.CutShort"/>.</summary>
    public const string ProviderCutShort = "provider_cut_short";

    /// <summary><see cref="ProviderFailure.MalformedFrame"/>.</summary>
    public const string ProviderMalformedFrame = "provider_malformed_frame";

    /// <summary><see cref="ProviderFailure.FrameTooLarge"/>.</summary>
    public const string ProviderFrameTooLarge = "provider_frame_too_large";

    /// <summary><see cref="ProviderFailure.ReportedError"/>.</summary>
    public const string ProviderReportedError = "provider_reported_error";

    /// <summary><see cref="ProviderFailure.UnexpectedContent"/>.</summary>
    public const string ProviderUnexpectedContent = "provider_unexpected_content";

    /// <summary>The code of a provider's failure.</summary>
    public static string Of(ProviderFailure failure) =>
        failure switch
        {
            ProviderFailure.Unreachable => ProviderUnreachable,
            ProviderFailure.Unauthorized => ProviderUnauthorized,
            ProviderFailure.RateLimited => ProviderRateLimited,
            ProviderFailure.OutOfCredit => ProviderOutOfCredit,
            ProviderFailure.ModelNotFound => ProviderModelNotFound,
            ProviderFailure.ContextTooLong => ProviderContextTooLong,
            ProviderFailure.Refused => ProviderRefused,
            ProviderFailure.Blocked => ProviderBlocked,
            ProviderFailure.Unavailable => ProviderUnavailable,
            ProviderFailure.ConnectTimedOut => ProviderConnectTimedOut,
            ProviderFailure.FirstTokenTimedOut => ProviderFirstTokenTimedOut,
            ProviderFailure.Stalled => ProviderStalled,
            ProviderFailure.DeadlineExceeded => ProviderDeadlineExceeded,
            ProviderFailure.Reset => ProviderReset,
            ProviderFailure.CutShort => ProviderCutShort,
            ProviderFailure.MalformedFrame => ProviderMalformedFrame,
            ProviderFailure.FrameTooLarge => ProviderFrameTooLarge,
            ProviderFailure.ReportedError => ProviderReportedError,
            ProviderFailure.UnexpectedContent => ProviderUnexpectedContent,
            _ => throw new ArgumentOutOfRangeException(nameof(failure), failure, null),
        };
}
