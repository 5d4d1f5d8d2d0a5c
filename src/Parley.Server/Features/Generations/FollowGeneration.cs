using System.Diagnostics.CodeAnalysis;
using Parley.Server.Answers;
using Parley.Server.Http;
using Parley.Server.Identity;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Features.Generations;

/// <summary><c>GET /api/v1/generations/{id}/events</c>: the log from a cursor on.</summary>
public static class FollowGeneration
{
    public static async Task<IResult> Handle(string id, HttpContext http, AnswerLookup lookup, GenerationRunner runner, AnswerFollower follower)
    {
        if (lookup.Find(CurrentUser.Of(http.User), id) is not { } found) return Problems.NotFound("generation");
        if (!TryReadCursor(http, out var after, out var problem)) return problem;

        switch (await runner.CheckAsync(found.Id, after ?? 0, http.RequestAborted))
        {
            case PositionCheck.Unknown:
                return Problems.NotFound("generation");
            case PositionCheck.AtEnd when after is not null:
                return Results.NoContent();
            case PositionCheck.Beyond:
                return Problems.Invalid("after", "position_beyond_end", "The answer is not that long. Follow it from the beginning.");
            case PositionCheck.InsideCharacter:
                return Problems.Invalid("after", "position_inside_character", "This position is inside a character. Use the id of an event.");
        }

        http.Response.Headers["X-Conversation-Id"] = found.Info.ConversationId;
        http.Response.Headers["X-Generation-Id"] = found.Info.GenerationId;
        await follower.WriteAsync(http, found.Id, new NativeEvents(found.Info), after);
        return Results.Empty;
    }

    /// <summary>The cursor, from <c>Last-Event-ID</c>, <c>?after=</c> or <c>?lastEventId=</c>; where there are two, the header (which is newer) counts.</summary>
    private static bool TryReadCursor(HttpContext http, out long? after, [NotNullWhen(false)] out IResult? problem)
    {
        after = null;
        problem = null;
        var header = http.Request.Headers["Last-Event-ID"];
        if (header.Count > 1 || (header.Count == 1 && header[0] is not { Length: > 0 }))
        {
            problem = Bad();
            return false;
        }

        if (!Http.Query.TryReadOnce(http, "after", out var query, out problem)) return false;
        if (query is null && !Http.Query.TryReadOnce(http, "lastEventId", out query, out problem)) return false;
        if (query is not null && !TryParse(query, out after) || header.Count == 1 && !TryParse(header[0]!, out after))
        {
            problem = Bad();
            return false;
        }

        return true;
    }

    private static bool TryParse(string text, out long? position)
    {
        var good = Http.Query.TryParse(text, out var value);
        position = good ? value : null;
        return good;
    }

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult Bad() =>
        Problems.Invalid("after", "invalid_position", "A position is a whole number: the id of the last event that you have seen.");
}
