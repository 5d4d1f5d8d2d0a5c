namespace Parley.Streaming.Generations;

/// <summary>The tokens that one generation used.</summary>
/// <param name="InputTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens of the answer.</param>
/// <param name="CachedInputTokens">How many of the input tokens the provider had cached.</param>
/// <param name="ReasoningTokens">How many of the output tokens were reasoning.</param>
/// <param name="Estimated">The numbers are estimates.</param>
public sealed record GenerationUsage(
    long InputTokens,
    long OutputTokens,
    long? CachedInputTokens = null,
    long? ReasoningTokens = null,
    bool? Estimated = null
);
