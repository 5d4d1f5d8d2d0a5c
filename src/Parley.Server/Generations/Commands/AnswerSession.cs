using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Streaming.Routing;

namespace Parley.Server.Generations.Commands;

/// <summary>The answer to a message that was stored earlier; the first request that follows its session starts it.</summary>
public sealed record AnswerSession : StartCommand
{
    public required ChatSession Session { get; init; }

    /// <summary>The command for an existing session.</summary>
    public static AnswerSession Of(ChatSession session, Owner owner, ModelRouter router, DateTimeOffset now) =>
        new()
        {
            Owner = owner,
            Now = now,
            ChooseModel = ModelChoice.SameAs(router, null),
            Fingerprint = "",
            Session = session,
        };

    public override string? LockName => Session.Id;

    public override async ValueTask<StartDecision> DecideAsync(ChatReads reads)
    {
        var session = await reads.SessionAsync(Session.Id, Session.Kind);
        return session switch
        {
            null => new StartDecision.Refuse(StartRefusal.NotFound("conversation")),
            { GenerationId: { } started } => new StartDecision.Attach(started),
            _ when session.ExpiresAt <= Now => new StartDecision.Refuse(StartRefusal.NotFound("conversation")),
            _ => new StartDecision.Reply(session.ConversationId, session.MessageId)
            {
                DefaultModel = session.Model,
                SessionId = session.Id,
            },
        };
    }
}
