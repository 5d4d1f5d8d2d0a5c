using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>Begins answers: takes a place, stores the beginning in one transaction, and hands the generation to the runner.</summary>
public sealed class GenerationStarter(
    ChatStore store,
    GenerationRunner runner,
    GenerationFollower follower,
    WholeAnswer json,
    OwnedGenerations lookup,
    ChangeFeed feed
)
{
    private readonly ConcurrentDictionary<(string Owner, string Key), Turn> _turns = new();

    /// <summary>Starts what <paramref name="start"/> describes, or attaches to what the same idempotency key started, and writes it as the answer of the request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="user">Who asks.</param>
    /// <param name="start">What to store.</param>
    /// <param name="route">The model to ask.</param>
    /// <param name="messages">What to tell it.</param>
    /// <param name="continues">The log to go on with.</param>
    /// <param name="shape">How the answer is written.</param>
    /// <param name="options">Parameters for the model.</param>
    public async Task<IResult> StartAsync(
        HttpContext http,
        CurrentUser user,
        StartRequest start,
        ModelRoute route,
        IReadOnlyList<ChatMessage> messages,
        FoldedLog? continues,
        ResponseMode shape,
        ChatOptions? options = null
    )
    {
        Begun begun;
        using (await TakeTurnAsync(user, start.IdempotencyKey ?? start.SessionId, http.RequestAborted))
        {
            begun = await BeginAsync(http, user, start, route, messages, continues, options);
        }

        if (begun.Refusal is { } refusal)
        {
            return refusal;
        }

        if (begun.AttachTo is { } known)
        {
            return shape.WhenTaken ?? await AttachAsync(http, user, known, shape);
        }

        if (start.ConversationKind == ConversationKind.Chat)
        {
            feed.Changed(user.Id, start.ConversationId);
        }

        return await WriteAsync(
            http,
            begun.Id,
            new GenerationInfo(start.ConversationId, start.GenerationId, start.MessageId, route.Id, start.Now),
            shape
        );
    }

    private async Task<Begun> BeginAsync(
        HttpContext http,
        CurrentUser user,
        StartRequest start,
        ModelRoute route,
        IReadOnlyList<ChatMessage> messages,
        FoldedLog? continues,
        ChatOptions? options
    )
    {
        // A retry needs no place: it is served also when there is none.
        if (start.IdempotencyKey is { } key && lookup.FindKey(user, key) is { } known)
        {
            return known.Fingerprint == start.Fingerprint
                ? new Begun { AttachTo = known.GenerationId }
                : new Begun { Refusal = KeyReused() };
        }

        if (start.SessionId is { } session && lookup.FindBegun(user, session) is { } first)
        {
            return new Begun { AttachTo = first };
        }

        var admission = runner.TryAdmit(user.Id, out var place);
        if (admission != Admission.Admitted)
        {
            return new Begun { Refusal = Refuse(http, admission) };
        }

        try
        {
            switch (await store.StartGenerationAsync(start))
            {
                case StartResult.Attached attached:
                    return new Begun { AttachTo = attached.GenerationId };
                case StartResult.KeyReused:
                    return new Begun { Refusal = KeyReused() };
                case StartResult.Changed:
                    return new Begun
                    {
                        Refusal = Problems.Of(
                            StatusCodes.Status409Conflict,
                            "answer_running",
                            "Another message was sent in this conversation at the same moment. Wait for its answer, or stop it."
                        ),
                    };
                case StartResult.NameTaken:
                    return new Begun
                    {
                        Refusal = Problems.Of(
                            StatusCodes.Status409Conflict,
                            "answer_running",
                            "This conversation has just begun with another message. Wait for its answer."
                        ),
                    };
                case StartResult.Gone:
                    return new Begun { Refusal = Problems.NotFound("conversation") };
            }

            var id = new GenerationId(Guid.Parse(start.GenerationId));
            runner.Start(id, 1, GenerationRequests.For(route, messages, options), place, continues);
            place = null;
            return new Begun { Id = id };
        }
        finally
        {
            place?.Dispose();
        }
    }

    /// <summary>Starts with the same key, or of the same session, come one after the other, so that all but the first find what it started.</summary>
    private async ValueTask<Turn?> TakeTurnAsync(CurrentUser user, string? key, CancellationToken cancellationToken)
    {
        if (key is null)
        {
            return null;
        }

        var turn = new Turn(_turns, (user.Id, key));
        while (_turns.GetOrAdd(turn.Key, turn) is var first && first != turn)
        {
            await first.Over.WaitAsync(cancellationToken);
        }

        return turn;
    }

    private static Problem KeyReused() =>
        Problems.Of(
            StatusCodes.Status422UnprocessableEntity,
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request. Use a new one."
        );

    private static Problem Refuse(HttpContext http, Admission admission)
    {
        http.Response.Headers.RetryAfter = "5";
        return admission switch
        {
            Admission.OwnerFull => Problems.Of(
                StatusCodes.Status429TooManyRequests,
                "too_many_answers",
                "Too many of your answers are being written at once. Wait for one to end, or stop one."
            ),
            Admission.NodeFull => Problems.Of(
                StatusCodes.Status503ServiceUnavailable,
                "overloaded",
                "The server is writing as many answers as it can. Try again in a moment."
            ),
            _ => Problems.Of(StatusCodes.Status503ServiceUnavailable, "restarting", "The server is restarting. Try again in a moment."),
        };
    }

    /// <summary>Whether this user's key has started something before.</summary>
    public bool IsKnown(CurrentUser user, string key) => lookup.FindKey(user, key) is not null;

    /// <summary>A hash of what was asked, so that a retry is told from another request.</summary>
    public static string Fingerprint(params ReadOnlySpan<string?> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            text.Append(part?.Length ?? -1).Append(':').Append(part);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private async Task<IResult> AttachAsync(HttpContext http, CurrentUser user, string generationId, ResponseMode shape)
    {
        if (lookup.Find(user, generationId) is not { } found)
        {
            return Problems.NotFound("generation");
        }

        return await WriteAsync(http, found.Id, found.Info, shape);
    }

    private async Task<IResult> WriteAsync(HttpContext http, GenerationId id, GenerationInfo info, ResponseMode shape)
    {
        http.Response.Headers["X-Conversation-Id"] = info.ConversationId;
        http.Response.Headers["X-Generation-Id"] = info.GenerationId;
        if (shape.Begun is { } begun)
        {
            return await begun(info);
        }

        if (shape.Whole is { } write)
        {
            return await json.WhenEndedAsync(id, info, write, http.RequestAborted);
        }

        if (
            shape.PatienceForRefusal > TimeSpan.Zero
            && await follower.RefusalAsync(id, shape.PatienceForRefusal, http.RequestAborted) is { } refusal
            && FailureProblem.Of(refusal, info, hasContent: false) is var problem
            && (problem.Status == StatusCodes.Status429TooManyRequests || !shape.OnlyLimitsAsStatus)
        )
        {
            return problem;
        }

        await follower.WriteAsync(http, id, shape.Stream!(info), from: shape.From);
        return Results.Empty;
    }

    /// <summary>What became of a start: begun, or one of the two.</summary>
    private readonly record struct Begun(GenerationId Id, string? AttachTo, IResult? Refusal);

    private sealed class Turn(ConcurrentDictionary<(string Owner, string Key), Turn> turns, (string Owner, string Key) key) : IDisposable
    {
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public (string Owner, string Key) Key => key;

        public Task Over => _over.Task;

        public void Dispose()
        {
            turns.TryRemove(KeyValuePair.Create(key, this));
            _over.SetResult();
        }
    }
}
