using Parley.Server.Data;
using Parley.Server.Data.Sql;

namespace Parley.Server.Generations.Commands;

/// <summary>A person's message in an existing conversation, and the answer to it.</summary>
public sealed record SendMessage : StartCommand
{
    /// <summary>The conversation, by id or by the client's name for it.</summary>
    public required string Conversation { get; init; }

    /// <summary>The parent message; null for the newest message.</summary>
    public string? ParentId { get; init; }

    public required string Text { get; init; }

    public override string? LockConversation => Conversation;

    public override async ValueTask<StartDecision> DecideAsync(ChatReads reads)
    {
        if (await reads.TargetAsync(Conversation, ParentId) is not { } target)
        {
            return new StartDecision.Refuse(StartRefusal.NotFound("conversation"));
        }

        return target.ParentIsRunning
            ? new StartDecision.Refuse(StartRefusal.AnswerRunning)
            : new StartDecision.Reply(target.ConversationId, target.ParentId)
            {
                Message = new NewMessage(Text),
                DefaultModel = target.Model,
            };
    }
}
