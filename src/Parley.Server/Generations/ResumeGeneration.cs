using Parley.Server.Data;
using Parley.Server.Http.Errors;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>Lets a request follow a generation that was started earlier.</summary>
public sealed class ResumeGeneration(GenerationRunner runner, GenerationFollower follower)
{
    /// <summary>
    /// Writes the answer from a cursor on, in a format that can start at any position; 204 when the cursor is at the end.
    /// </summary>
    public async Task<IResult> FromAsync(HttpContext http, OwnedGeneration found, WireFormat format, long? after)
    {
        switch (await runner.CheckAsync(found.Id, after ?? 0, http.RequestAborted))
        {
            case PositionCheck.Unknown:
                return Problems.NotFound("generation");
            case PositionCheck.AtEnd when after is not null:
                return Results.NoContent();
            case PositionCheck.Beyond:
                return Problems.Invalid(
                    "after",
                    ErrorCodes.PositionBeyondEnd,
                    "The position is beyond the end. Follow the generation from the beginning."
                );
            case PositionCheck.InsideCharacter:
                return Problems.Invalid(
                    "after",
                    ErrorCodes.PositionInsideCharacter,
                    "This position is inside a character. Use the id of an event."
                );
        }

        await WriteAsync(http, found, format, after);
        return Results.Empty;
    }

    /// <summary>Writes the answer from the start.</summary>
    public async Task<IResult> FromStartAsync(HttpContext http, OwnedGeneration found, WireFormat format)
    {
        await WriteAsync(http, found, format, null);
        return Results.Empty;
    }

    private Task WriteAsync(HttpContext http, OwnedGeneration found, WireFormat format, long? after)
    {
        http.Response.Headers["X-Conversation-Id"] = found.Info.ConversationId;
        http.Response.Headers["X-Generation-Id"] = found.Info.GenerationId;
        return follower.WriteAsync(http, found.Id, format, after);
    }
}
