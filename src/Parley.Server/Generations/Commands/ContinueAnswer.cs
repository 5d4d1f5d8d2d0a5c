using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Streaming.Generations;

namespace Parley.Server.Generations.Commands;

/// <summary>A new answer that continues the text of one that ended early.</summary>
public sealed record ContinueAnswer : StartCommand
{
    public required string GenerationId { get; init; }

    /// <summary>The position to continue from; null for the position where the answer ended or was stopped.</summary>
    public long? Position { get; init; }

    public override async ValueTask<StartDecision> DecideAsync(ChatReads reads)
    {
        if (await reads.GenerationAsync(GenerationId) is not { } first)
        {
            return new StartDecision.Refuse(StartRefusal.NotFound("generation"));
        }

        if (await reads.FinishedAsync(GenerationId) is not { Log: { Ended: { } ended } log } finished)
        {
            return new StartDecision.Refuse(StartRefusal.ThisAnswerRunning);
        }

        var position = Position ?? ended.StoppedAt ?? log.End;
        if (position < 0 || position > log.End || log.BoundaryAt(position) != position)
        {
            return new StartDecision.Refuse(
                new StartRefusal(
                    RefusalKind.Invalid,
                    "invalid_position",
                    "Invalid position. Use the id of the last event received.",
                    "position"
                )
            );
        }

        if (Position is null && ended is { Status: GenerationStatus.Completed, FinishReason: not "length" })
        {
            return new StartDecision.Refuse(StartRefusal.AnswerComplete);
        }

        var prefix = log.UpTo(position);
        return new StartDecision.Reply(first.Info.ConversationId, first.ParentId)
        {
            DefaultModel = first.Info.Model,
            Request = finished.Request,
            Continues = new ContinuedAnswer(GenerationId, first.Info.MessageId, prefix.End, prefix),
        };
    }
}
