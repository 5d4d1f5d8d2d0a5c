using Parley.Server.Data;
using Parley.Server.Data.Sql;

namespace Parley.Server.Generations.Commands;

/// <summary>Another answer to the message that a generation answered; a sibling of the first answer.</summary>
public sealed record RegenerateAnswer : StartCommand
{
    public required string GenerationId { get; init; }

    public override async ValueTask<StartDecision> DecideAsync(ChatReads reads)
    {
        if (await reads.GenerationAsync(GenerationId) is not { } first)
        {
            return new StartDecision.Refuse(StartRefusal.NotFound("generation"));
        }

        return first.IsRunning
            ? new StartDecision.Refuse(StartRefusal.ThisAnswerRunning)
            : new StartDecision.Reply(first.Info.ConversationId, first.ParentId)
            {
                DefaultModel = first.Info.Model,
                Request = await reads.RequestAsync(first.Id),
            };
    }
}
