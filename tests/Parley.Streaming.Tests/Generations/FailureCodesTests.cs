using System.Reflection;
using Parley.Streaming.Generations;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Tests.Generations;

/// <summary>Failure codes are part of the API: this list is written by hand, and a change to it is a change of the API.</summary>
public sealed class FailureCodesTests
{
    private static readonly Dictionary<ProviderFailure, string> ProviderCodes = new()
    {
        [ProviderFailure.Unreachable] = "provider_unreachable",
        [ProviderFailure.Unauthorized] = "provider_unauthorized",
        [ProviderFailure.RateLimited] = "provider_rate_limited",
        [ProviderFailure.OutOfCredit] = "provider_out_of_credit",
        [ProviderFailure.ModelNotFound] = "provider_model_not_found",
        [ProviderFailure.ContextTooLong] = "provider_context_too_long",
        [ProviderFailure.Refused] = "provider_refused",
        [ProviderFailure.Blocked] = "provider_blocked",
        [ProviderFailure.Unavailable] = "provider_unavailable",
        [ProviderFailure.ConnectTimedOut] = "provider_connect_timed_out",
        [ProviderFailure.FirstTokenTimedOut] = "provider_first_token_timed_out",
        [ProviderFailure.Stalled] = "provider_stalled",
        [ProviderFailure.DeadlineExceeded] = "provider_deadline_exceeded",
        [ProviderFailure.Reset] = "provider_reset",
        [ProviderFailure.CutShort] = "provider_cut_short",
        [ProviderFailure.MalformedFrame] = "provider_malformed_frame",
        [ProviderFailure.FrameTooLarge] = "provider_frame_too_large",
        [ProviderFailure.ReportedError] = "provider_reported_error",
        [ProviderFailure.UnexpectedContent] = "provider_unexpected_content",
    };

    private static readonly string[] OtherCodes = ["empty_answer", "deadline_exceeded", "internal_error", "interrupted"];

    [Fact]
    public void Of_EveryProviderFailure_IsItsPublicCode()
    {
        Assert.Equal(Enum.GetValues<ProviderFailure>(), ProviderCodes.Keys.Order());
        Assert.All(ProviderCodes, pair => Assert.Equal(pair.Value, FailureCodes.Of(pair.Key)));
    }

    [Fact]
    public void Constants_All_ArePinned()
    {
        var constants = typeof(FailureCodes)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!);
        Assert.Equal(OtherCodes.Concat(ProviderCodes.Values).Order(), constants.Order());
    }
}
