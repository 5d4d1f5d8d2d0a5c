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

/// <summary><c>GET /chat/stream?sessionId=</c>: starts the session's answer, or resumes it where the reader was.</summary>
public static class StreamChat
{
    public static async Task<IResult> Handle(
        HttpContext http,
        ChatQueries chats,
        GenerationStarter starter,
        ModelRouter router,
        ResumeGeneration reading,
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
            return await AttachAsync(http, started, reading, runner);
        }

        feed.Changed(user.Owner, session.ConversationId);
        var command = AnswerSession.Of(session, user.Owner, router, now);
        var result = await starter.StartAsync(http, command, ResponseMode.Streamed(static _ => new TokenEvents()));
        if (result is Problem refusal)
        {
            return refusal.Status is 429 or 503 ? await LaterAsync(http) : await ErrorAsync(http, refusal.Detail);
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

    /// <summary>An invalid cursor is ignored: browsers keep them across pages, and polyfills invent them.</summary>
    private static async Task<IResult> AttachAsync(
        HttpContext http,
        OwnedGeneration found,
        ResumeGeneration reading,
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

        return await reading.FromAsync(http, found, new TokenEvents(), after);
    }

    /// <summary>An <c>EventSource</c> cannot read a status or a body of another type: it is told inside the stream. And it connects again when the stream ends, unless it closes itself: that must not become a loop.</summary>
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

    /// <summary>Too busy: after a status that is not 200 an <c>EventSource</c> would never come back.</summary>
    private static async Task<IResult> LaterAsync(HttpContext http)
    {
        http.Response.Headers.Remove("Retry-After");
        EventStreamHeaders.Write(http.Response);
        http.Response.BodyWriter.Write("retry: 5000\n\n"u8);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        return Results.Empty;
    }
}
