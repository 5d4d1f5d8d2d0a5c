using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.DurableStreams;

/// <summary>
/// <c>GET</c> and <c>HEAD /api/v1/generations/{id}/stream</c> and <c>…/stream/text</c>: catch-up, long-poll, and Server-Sent Events.
/// </summary>
public static class DurableStreamReads
{
    internal const string NextOffset = "Stream-Next-Offset",
        Closed = "Stream-Closed",
        UpToDate = "Stream-Up-To-Date",
        Cursor = "Stream-Cursor";

    public static Task<IResult> HandleJson(
        string id,
        HttpContext http,
        ChatQueries chats,
        GenerationRunner runner,
        IGenerationStore store,
        CatchUp catchUp,
        LongPoll longPoll,
        LiveEvents events
    ) => HandleAsync(id, http, false, chats, runner, store, catchUp, longPoll, events);

    public static Task<IResult> HandleText(
        string id,
        HttpContext http,
        ChatQueries chats,
        GenerationRunner runner,
        IGenerationStore store,
        CatchUp catchUp,
        LongPoll longPoll,
        LiveEvents events
    ) => HandleAsync(id, http, true, chats, runner, store, catchUp, longPoll, events);

    private static async Task<IResult> HandleAsync(
        string id,
        HttpContext http,
        bool isText,
        ChatQueries chats,
        GenerationRunner runner,
        IGenerationStore store,
        CatchUp catchUp,
        LongPoll longPoll,
        LiveEvents events
    )
    {
        if (
            await chats.GenerationAsync(CurrentUser.Of(http.User)?.Owner, id, http.RequestAborted) is not { } found
            || await store.FindAsync(found.Id, http.RequestAborted) is not { } record
        )
        {
            return Problems.NotFound("generation");
        }

        http.Response.Headers.Vary = "Authorization, Cookie";
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return Head(http, record, isText);
        }

        if (!Http.Query.TryReadOnce(http, "offset", out var text, out var problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "live", out var live, out problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "cursor", out var clientCursor, out problem))
        {
            return problem;
        }

        if (live is not (null or "long-poll" or "sse"))
        {
            return Problems.Invalid("live", ErrorCodes.InvalidLive, "live must be long-poll or sse.");
        }

        if (text is null && live is not null)
        {
            return Problems.Invalid(
                "offset",
                ErrorCodes.Required,
                "A live read needs an offset: -1 for the beginning, now for the end, or the last Stream-Next-Offset."
            );
        }

        if (!DurableOffsets.TryParse(text ?? "-1", out var position))
        {
            return Problems.Invalid("offset", ErrorCodes.InvalidOffset, "Invalid offset. Use -1, now, or a Stream-Next-Offset.");
        }

        var at = new DurableRead(
            found,
            isText,
            position ?? record.End,
            IsNow: text == "now",
            IsAtOpenTail: record.Status == GenerationStatus.Running && (position ?? record.End) == record.End,
            DurableOffsets.TryParseCursor(clientCursor, out var cursor) ? cursor : null
        );
        if (at.Position > record.End)
        {
            return Problems.Invalid("offset", ErrorCodes.OffsetBeyondEnd, "The offset is beyond the end of the stream.");
        }

        if (await runner.CheckAsync(found.Id, at.Position, http.RequestAborted) is PositionCheck.InsideCharacter or PositionCheck.Beyond)
        {
            return Problems.Invalid("offset", ErrorCodes.InvalidOffset, "Invalid offset. Use -1, now, or a Stream-Next-Offset.");
        }

        return live switch
        {
            "sse" => await events.WriteAsync(http, at),
            "long-poll" => await longPoll.AnswerAsync(http, at),
            _ => await catchUp.AnswerAsync(http, at, record),
        };
    }

    private static IResult Head(HttpContext http, GenerationRecord record, bool isText)
    {
        http.Response.ContentType = isText ? DurableEntries.TextContentType : DurableEntries.JsonContentType;
        http.Response.Headers[NextOffset] = DurableOffsets.Format(record.End);
        if (record.Status != GenerationStatus.Running)
        {
            http.Response.Headers[Closed] = "true";
        }

        http.Response.Headers.CacheControl = "no-store";
        return Results.Empty;
    }
}

/// <summary>What a request reads of a stream.</summary>
/// <param name="Generation">The generation.</param>
/// <param name="IsText">Whether it reads the text; otherwise the entries as JSON.</param>
/// <param name="Position">The position to read from.</param>
/// <param name="IsNow">Whether it requested the current end.</param>
/// <param name="IsAtOpenTail">Whether the position is the end of a running generation.</param>
/// <param name="Cursor">The <c>Stream-Cursor</c> of its previous response, or null.</param>
public sealed record DurableRead(OwnedGeneration Generation, bool IsText, long Position, bool IsNow, bool IsAtOpenTail, long? Cursor);
