using System.Buffers;
using Parley.Server.Data.Model;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Http.Streaming;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.ChatSessions;

/// <summary><c>GET /chat/stream?sessionId=</c>: begins the session's answer, or goes on with it where the reader was.</summary>
public static class StreamChat
{
    public static async Task<IResult> Handle(
        HttpContext http,
        DeferredTurns sessions,
        OwnedGenerations lookup,
        ResumeGeneration reading,
        GenerationRunner runner,
        ChangeFeed feed
    )
    {
        if (!Http.Query.TryReadOnce(http, "sessionId", out var id, out var problem))
        {
            return problem;
        }

        if (id is null)
        {
            return Problems.Invalid("sessionId", "required", "sessionId is what POST /chat/start answered.");
        }

        var user = CurrentUser.Of(http.User);
        if (sessions.Find(user, id, ChatSessionKind.Session) is not { } session || !sessions.IsAlive(session))
        {
            return await ErrorAsync(http, "This chat session does not exist, or has expired. Start a new one.");
        }

        if (session.GenerationId is { } begun && lookup.Find(user, begun) is { } found)
        {
            return await AttachAsync(http, found, reading, runner);
        }

        feed.Changed(user!.Id, session.ConversationId);
        var result = await sessions.BeginAsync(http, user, session, ResponseMode.Streamed(static _ => new TokenEvents()));
        if (result is Problem refusal)
        {
            return refusal.Status is 429 or 503 ? await LaterAsync(http) : await ErrorAsync(http, refusal.Detail);
        }

        return result;
    }

    /// <summary>A cursor that is no good (browsers keep them across pages, polyfills invent them) is as none.</summary>
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
