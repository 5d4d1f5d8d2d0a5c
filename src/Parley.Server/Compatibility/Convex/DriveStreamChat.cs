using Parley.Server.Data.Model;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.Convex;

/// <summary>
/// <c>POST /chat-stream</c>: begins a stream's answer, and writes its text as it comes. One request drives; to any other, and for a stream that cannot be driven (any more), the answer is 205, which tells the client
/// to look at the body instead.
/// </summary>
public static class DriveStreamChat
{
    /// <summary>What is read of a body. The question is the one that was stored; clients that send it along, and the chat, are not contradicted.</summary>
    public sealed record Request(string? StreamId);

    public static async Task<IResult> Handle(HttpContext http, DeferredTurns sessions)
    {
        if ((await StrictJson.ReadRawAsync(http, StrictJson.MostBytes)).IsBad(out var bad, out var body))
        {
            return bad;
        }

        if (body.AsTolerant<Request>().IsBad(out bad, out var request))
        {
            return bad;
        }

        if (request.StreamId is null)
        {
            return Problems.Invalid("streamId", "required", "streamId is what POST /chat-stream/create answered.");
        }

        var user = CurrentUser.Of(http.User);
        if (
            user is null
            || sessions.Find(user, request.StreamId, ChatSessionKind.Stream) is not { GenerationId: null } stream
            || !sessions.IsAlive(stream)
        )
        {
            return Taken;
        }

        var result = await sessions.BeginAsync(
            http,
            user,
            stream,
            ResponseMode.Streamed(static _ => new RawText()) with
            {
                WhenTaken = Taken,
            }
        );

        // Deleted or expired in this moment.
        return result is Problem { Status: StatusCodes.Status404NotFound } ? Taken : result;
    }

    private static IResult Taken { get; } = Results.StatusCode(StatusCodes.Status205ResetContent);
}
