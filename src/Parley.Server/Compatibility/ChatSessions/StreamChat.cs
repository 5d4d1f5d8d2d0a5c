using System.Buffers;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Generations.Commands;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Http.Streaming;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.ChatSessions;

/// <summary><c>GET /chat/stream?sessionId=</c>: starts the session's generation, or follows it from the client's position.</summary>
public static class StreamChat
{
    public static async Task<IResult> Handle(
        HttpContext http,
        ChatQueries chats,
        GenerationStarter starter,
        ModelRouter router,
        ResumeGeneration resumption,
        GenerationRunner runner,
        ChangeFeed feed,
        TimeProvider time
    )
    {
        if (!Http.Query.TryReadOnce(http, "sessionId", out var id, out var problem))
        {
            return problem;
        }

        if (id is null)
        {
            return Problems.Invalid(
                "sessionId",
                ErrorCodes.Required,
                "sessionId is required: the sessionId that POST /chat/start returned."
            );
        }

        var now = time.GetUtcNow();
        if (
            CurrentUser.Of(http.User) is not { } user
            || await FindAsync(chats, user, id, http.RequestAborted) is not ({ } session, var started)
            || !session.IsAlive(now)
        )
        {
            return await ErrorAsync(http, "This chat session does not exist, or has expired. Start a new one.");
        }

        if (started is not null)
        {
            return await AttachAsync(http, started, resumption, runner);
        }

        feed.Changed(user.Owner, session.ConversationId);
        var command = AnswerSession.Of(session, user.Owner, router, now);
        var result = await starter.StartAsync(http, command, ResponseMode.Streamed(static _ => new TokenEvents()));
        if (result is Problem refusal)
        {
            return refusal.Status is 429 or 503 ? await RetryLaterAsync(http) : await ErrorAsync(http, refusal.Detail);
        }

        return result;
    }

    private static async ValueTask<(ChatSession? Session, OwnedGeneration? Started)> FindAsync(
        ChatQueries chats,
        CurrentUser user,
        string id,
        CancellationToken cancellationToken
    )
    {
        await using var reads = await chats.OpenAsync(user.Owner, cancellationToken);
        var session = await reads.SessionAsync(id, ChatSessionKind.Session);
        return (session, await reads.GenerationAsync(session?.GenerationId));
    }

    /// <summary>
    /// Follows the generation. An invalid cursor is ignored: browsers keep cursors across pages, and polyfills invent them.
    /// </summary>
    private static async Task<IResult> AttachAsync(
        HttpContext http,
        OwnedGeneration found,
        ResumeGeneration resumption,
        GenerationRunner runner
    )
    {
        if (!Cursor.TryRead(http, out var after, out _))
        {
            after = null;
        }

        if (
            after is { } position
            && await runner.CheckAsync(found.Id, position, http.RequestAborted) is PositionCheck.Beyond or PositionCheck.InsideCharacter
        )
        {
            after = null;
        }

        return await resumption.FromAsync(http, found, new TokenEvents(), after);
    }

    /// <summary>
    /// Sends an error as an event, since an <c>EventSource</c> cannot read a status or a body of another type. It reconnects when the
    /// stream ends, unless it closes itself, so the retry delay is set to a day.
    /// </summary>
    private static async Task<IResult> ErrorAsync(HttpContext http, string message)
    {
        EventStreamHeaders.Write(http.Response);
        http.Response.BodyWriter.Write("retry: 86400000\n\ndata: "u8);
        http.Response.BodyWriter.Write(
            System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { type = "error", message }, ApiJson.Options)
        );
        http.Response.BodyWriter.Write("\n\n"u8);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        return Results.Empty;
    }

    /// <summary>
    /// The server is busy: the <c>EventSource</c> is told to reconnect, which it would not do after a status other than 200.
    /// </summary>
    private static async Task<IResult> RetryLaterAsync(HttpContext http)
    {
        http.Response.Headers.Remove("Retry-After");
        EventStreamHeaders.Write(http.Response);
        http.Response.BodyWriter.Write("retry: 5000\n\n"u8);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        return Results.Empty;
    }
}
