using Parley.Server.Data;
using Parley.Server.Data.Sql;

namespace Parley.Server.Generations.Commands;

/// <summary>The first message of a new conversation, or a request that contains all its messages, and the answer.</summary>
public sealed record BeginConversation : StartCommand
{
    public required NewConversation Conversation { get; init; }

    /// <summary>The person's message; null when the request contains all messages.</summary>
    public NewMessage? Message { get; init; }

    public override ValueTask<StartDecision> DecideAsync(ChatReads reads) =>
        ValueTask.FromResult<StartDecision>(new StartDecision.Begin(Conversation) { Message = Message });
}
