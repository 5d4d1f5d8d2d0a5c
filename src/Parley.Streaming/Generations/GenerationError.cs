namespace Parley.Streaming.Generations;

/// <summary>Why a generation did not complete.</summary>
/// <param name="Code">One of <see cref="FailureCodes"/>.</param>
/// <param name="Message">A sentence that tells a person what happened and what to do. It contains nothing that a provider sent.</param>
/// <param name="Retryable">Whether the same request may succeed later.</param>
/// <param name="RetryAfter">Seconds to wait before trying again, where the provider said so.</param>
public sealed record GenerationError(string Code, string Message, bool Retryable, int? RetryAfter = null);
