namespace Parley.Streaming.Generations.Bus;

/// <summary>Something in an account has changed, for clients that show the account's conversations.</summary>
/// <param name="OwnerId">The account, as the host identifies it.</param>
/// <param name="ConversationId">The conversation that has changed; null when any may have changed.</param>
public sealed record AccountNotice(string OwnerId, string? ConversationId);
