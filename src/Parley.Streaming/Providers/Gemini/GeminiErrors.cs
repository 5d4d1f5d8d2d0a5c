using Parley.Streaming.Providers.Transport;

namespace Parley.Streaming.Providers.Gemini;

/// <summary>The errors of the Gemini API: in the body of a response, and in the middle of a stream.</summary>
internal static class GeminiErrors
{
    /// <summary>The failure behind a status and a body, where the common rules do not tell it.</summary>
    public static ProviderFailure? Classify(int status, string body) =>
        status switch
        {
            400 when Says(body, "API_KEY_INVALID") || Says(body, "API key not valid") || Says(body, "API key expired") =>
                ProviderFailure.Unauthorized,
            400 when Says(body, "exceeds the maximum number of tokens") => ProviderFailure.ContextTooLong,
            400 or 403 when Says(body, "enable billing") => ProviderFailure.OutOfCredit,
            429 when Says(body, "credits are depleted") || Says(body, "spending cap") => ProviderFailure.OutOfCredit,
            _ => null,
        };

    /// <summary>The failure behind an error in the middle of a stream: its <c>code</c> is a status.</summary>
    public static ProviderFailure OfEvent(long? code, string text) =>
        code is >= 400 and < 600 and { } status
            ? Classify((int)status, text) ?? ProviderErrors.Classify((int)status, text)
            : ProviderFailure.ReportedError;

    private static bool Says(string body, string phrase) => ProviderErrors.Says(body, phrase);
}
