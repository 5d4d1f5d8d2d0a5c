using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;
using Parley.Server.Data;
using Parley.Server.Data.Sqlite;
using Parley.Server.Http;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Answers;

/// <summary>Begins answers: takes a place, stores the beginning in one transaction, and hands the generation to the runner.</summary>
public sealed class AnswerStarter(ChatStore store, GenerationRunner runner, AnswerEvents events, AnswerJson json, AnswerLookup lookup, ChangeFeed feed)
{
    /// <summary>Starts what <paramref name="start"/> describes, or attaches to what the same idempotency key started, and writes it as the answer of the request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="user">Who asks.</param>
    /// <param name="start">What to store.</param>
    /// <param name="route">The model to ask.</param>
    /// <param name="messages">What to tell it.</param>
    /// <param name="continues">The log to go on with.</param>
    /// <param name="streamed">Events as they come, or one JSON object at the end.</param>
    public async Task<IResult> StartAsync(
        HttpContext http, CurrentUser user, AnswerStart start, ModelRoute route, IReadOnlyList<ChatMessage> messages, FoldedLog? continues, bool streamed)
    {
        var admission = runner.TryAdmit(user.Id, out var place);
        if (admission != Admission.Admitted) return await RefuseAsync(http, user, start, admission, streamed);

        var id = new GenerationId(Guid.Parse(start.GenerationId));
        var info = new GenerationInfo(start.ConversationId, start.GenerationId, start.MessageId, route.Id);
        try
        {
            switch (await store.StartAnswerAsync(start))
            {
                case AnswerStartOutcome.Attached attached:
                    return await AttachAsync(http, user, attached.GenerationId, streamed);
                case AnswerStartOutcome.KeyReused:
                    return Problems.Of(StatusCodes.Status422UnprocessableEntity, "idempotency_key_reused", "This Idempotency-Key was used for another request. Use a new one.");
                case AnswerStartOutcome.Gone:
                    return Problems.NotFound("conversation");
            }

            runner.Start(id, 1, GenerationRequests.For(route, messages), place, continues);
            place = null;
        }
        finally
        {
            place?.Dispose();
        }

        feed.Changed(user.Id, start.ConversationId);
        return await WriteAsync(http, id, info, streamed);
    }

    /// <summary>Whether this user's key has started something before.</summary>
    public bool IsKnown(CurrentUser user, string key) => lookup.FindKey(user, key) is not null;

    /// <summary>A hash of what was asked, so that a retry is told from another request.</summary>
    public static string Fingerprint(params ReadOnlySpan<string?> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts) text.Append(part?.Length ?? -1).Append(':').Append(part);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>A retry of a start that went through is served even when there is no place for another.</summary>
    private async Task<IResult> RefuseAsync(HttpContext http, CurrentUser user, AnswerStart start, Admission admission, bool streamed)
    {
        if (start.IdempotencyKey is { } key && lookup.FindKey(user, key) is { } known && known.Fingerprint == start.Fingerprint)
            return await AttachAsync(http, user, known.GenerationId, streamed);
        http.Response.Headers.RetryAfter = "5";
        return admission switch
        {
            Admission.OwnerFull => Problems.Of(StatusCodes.Status429TooManyRequests, "too_many_answers", "Too many of your answers are being written at once. Wait for one to end, or stop one."),
            Admission.NodeFull => Problems.Of(StatusCodes.Status503ServiceUnavailable, "overloaded", "The server is writing as many answers as it can. Try again in a moment."),
            _ => Problems.Of(StatusCodes.Status503ServiceUnavailable, "restarting", "The server is restarting. Try again in a moment."),
        };
    }

    private async Task<IResult> AttachAsync(HttpContext http, CurrentUser user, string generationId, bool streamed)
    {
        if (lookup.Find(user, generationId) is not { } found) return Problems.NotFound("generation");
        return await WriteAsync(http, found.Id, found.Info, streamed);
    }

    private async Task<IResult> WriteAsync(HttpContext http, GenerationId id, GenerationInfo info, bool streamed)
    {
        http.Response.Headers["X-Conversation-Id"] = info.ConversationId;
        http.Response.Headers["X-Generation-Id"] = info.GenerationId;
        if (!streamed) return await json.WhenEndedAsync(id, info, http.RequestAborted);
        await events.WriteAsync(http, id, info, 0);
        return Results.Empty;
    }
}
