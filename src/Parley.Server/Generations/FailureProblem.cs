using Parley.Server.Http.Errors;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>Maps a failed generation to an error response.</summary>
internal static class FailureProblem
{
    /// <param name="error">The reason of the failure.</param>
    /// <param name="info">The generation.</param>
    /// <param name="hasContent">Whether the model had sent content before it failed: an automatic retry would discard that content.</param>
    public static Problem Of(GenerationError error, GenerationInfo info, bool hasContent)
    {
        var isRateLimit = error.Code is "provider_rate_limited" or "provider_out_of_credit";
        return new Problem(isRateLimit ? StatusCodes.Status429TooManyRequests : StatusCodes.Status502BadGateway, error.Code, error.Message)
        {
            RetryAfter = error.RetryAfter ?? (isRateLimit && error.Retryable ? 5 : null),
            ShouldRetry = error.Retryable && !hasContent ? null : false,
            Generation = info,
        };
    }
}
