namespace Parley.Streaming.WireFormats;

/// <summary>What a wire format says of a generation before its first entry.</summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="GenerationId">The generation.</param>
/// <param name="MessageId">The message that the log folds into; the same at every replay.</param>
/// <param name="Model">The model, as Parley addresses it.</param>
public sealed record GenerationInfo(string ConversationId, string GenerationId, string MessageId, string Model);
