using Parley.Server.Generations;
using Parley.Server.Generations.Commands;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Compatibility.Convex;

/// <summary>
/// <c>POST /chat-stream</c>: starts a stream's generation, and streams its text. Only one request can start it; for any other, and for a
/// stream that cannot be started, the response is 205, which tells the client to read the body instead.
/// </summary>
public static class DriveStreamChat
{
    /// <summary>
    /// The members of a body that are read. Clients may also send the prompt and the chat, which are ignored: both are stored.
    /// </summary>
    public sealed record Request(string? StreamId);

    public static async Task<IResult> Handle(
        HttpContext http,
        StreamBodies streams,
        GenerationStarter starter,
        ModelRouter router,
        TimeProvider time
    )
    {
        if ((await StrictJson.ReadRawAsync(http, StrictJson.MaxBytes)).IsBad(out var bad, out var body))
        {
            return bad;
        }

        if (body.AsTolerant<Request>().IsBad(out bad, out var request))
        {
            return bad;
        }

        if (request.StreamId is null)
        {
            return Problems.Invalid(
                "streamId",
                ErrorCodes.Required,
                "streamId is required: the streamId that POST /chat-stream/create returned."
            );
        }

        var now = time.GetUtcNow();
        if (
            CurrentUser.Of(http.User) is not { } user
            || await streams.FindAsync(user, request.StreamId, http.RequestAborted) is not { GenerationId: null } stream
            || !stream.IsAlive(now)
        )
        {
            return NotStartable;
        }

        var mode = ResponseMode.Streamed(static _ => new RawText()) with { WhenAttached = NotStartable };
        var result = await starter.StartAsync(http, AnswerSession.Of(stream, user.Owner, router, now), mode);

        // Deleted or expired concurrently.
        return result is Problem { Status: StatusCodes.Status404NotFound } ? NotStartable : result;
    }

    private static IResult NotStartable { get; } = Results.StatusCode(StatusCodes.Status205ResetContent);
}
