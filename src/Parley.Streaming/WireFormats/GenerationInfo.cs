namespace Parley.Streaming.WireFormats;

/// <summary>What wire formats say about a generation besides its entries. The same at every reading, on every node.</summary>
/// <param name="ConversationId">The conversation.</param>
/// <param name="GenerationId">The generation.</param>
/// <param name="MessageId">The message that the generation writes.</param>
/// <param name="Model">The model, as Parley addresses it.</param>
/// <param name="CreatedAt">When the generation was created.</param>
public sealed record GenerationInfo(string ConversationId, string GenerationId, string MessageId, string Model, DateTimeOffset CreatedAt);
