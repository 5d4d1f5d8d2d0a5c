namespace Parley.Streaming.Providers;

/// <summary>
/// The sentences that people read when a provider fails: what happened, and what to do. A family that needs other words derives from it.
/// </summary>
/// <param name="subject">The provider as the subject of a sentence, for example <c>OpenAI</c>.</param>
public class ProviderErrorMessages(string subject)
{
    /// <summary>The provider as the subject of a sentence.</summary>
    protected string Subject => subject;

    /// <summary>A subject for a provider whose makers' spelling is not known: the configured name, with a capital.</summary>
    public static string SubjectOf(string provider) =>
        provider.Length == 0 ? "The provider" : char.ToUpperInvariant(provider[0]) + provider[1..];

    /// <summary>The sentence for a failure. Must not contain anything that the provider sent.</summary>
    public virtual string Describe(ProviderFailure failure, TimeSpan? retryAfter) =>
        failure switch
        {
            ProviderFailure.Unreachable => $"{subject} could not be reached. Check its base URL and that it is running.",
            ProviderFailure.Unauthorized => $"{subject} did not accept the API key. Check the key and what it may use.",
            ProviderFailure.RateLimited when retryAfter is { TotalSeconds: >= 1 } wait =>
                $"{subject} is limiting requests. Try again in {DescribeWait(wait)}.",
            ProviderFailure.RateLimited => $"{subject} is limiting requests. Try again in a moment.",
            ProviderFailure.OutOfCredit => $"The account at {subject} has no credit or quota left. Top it up, or choose another model.",
            ProviderFailure.ModelNotFound => $"{subject} does not have this model. Choose another one, or check the provider's base URL.",
            ProviderFailure.ContextTooLong =>
                "This conversation is too long for the model. Start a new one, or choose a model with a larger context.",
            ProviderFailure.Refused => $"{subject} did not accept the request. Try another model, or change the message.",
            ProviderFailure.Blocked =>
                $"{subject} blocked this conversation because of its content. Change the message, or choose another model.",
            ProviderFailure.Unavailable => $"{subject} is not available at the moment. Try again, or choose another model.",
            ProviderFailure.ConnectTimedOut => $"{subject} did not answer the connection. Check its base URL and that it is running.",
            ProviderFailure.FirstTokenTimedOut => $"{subject} did not begin to answer in time. Try again, or choose another model.",
            ProviderFailure.Stalled => $"{subject} stopped sending in the middle of the answer. What arrived is kept; you can continue it.",
            ProviderFailure.DeadlineExceeded => "The answer took longer than allowed. What arrived is kept; you can continue it.",
            ProviderFailure.Reset => $"The connection to {subject} broke. What arrived is kept; you can continue it.",
            ProviderFailure.CutShort => $"{subject} ended before the answer was complete. What arrived is kept; you can continue it.",
            ProviderFailure.MalformedFrame => $"{subject} sent something that is not a valid answer. What arrived before it is kept.",
            ProviderFailure.FrameTooLarge => $"{subject} sent more at once than is allowed. What arrived before it is kept.",
            ProviderFailure.ReportedError => $"{subject} reported an error. What arrived before it is kept; you can try again.",
            ProviderFailure.UnexpectedContent => $"{subject} answered with something that is not a chat answer. Check its base URL.",
            _ => $"{subject} failed. Try again, or choose another model.",
        };

    /// <summary>A time to wait, rounded up to seconds, minutes or hours.</summary>
    protected static string DescribeWait(TimeSpan wait) =>
        wait switch
        {
            { TotalSeconds: < 90 } => $"{Math.Ceiling(wait.TotalSeconds):0} s",
            { TotalMinutes: < 90 } => $"{Math.Ceiling(wait.TotalMinutes):0} min",
            _ => $"{Math.Ceiling(wait.TotalHours):0} h",
        };
}
