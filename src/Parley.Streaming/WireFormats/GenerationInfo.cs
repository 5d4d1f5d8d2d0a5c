namespace Parley.Streaming.WireFormats;

/// <summary>What a wire format says of a generation before its first entry. The same at every replay, on every node.</summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="GenerationId">The generation.</param>
/// <param name="MessageId">The message that the log folds into.</param>
/// <param name="Model">The model, as Parley addresses it.</param>
/// <param name="CreatedAt">When the generation began.</param>
public sealed record GenerationInfo(string ConversationId, string GenerationId, string MessageId, string Model, DateTimeOffset CreatedAt);
