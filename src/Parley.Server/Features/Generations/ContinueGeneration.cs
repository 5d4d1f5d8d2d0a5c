using System.ComponentModel;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Generations;

namespace Parley.Server.Features.Generations;

/// <summary><c>POST /api/v1/generations/{id}/continue</c>: goes on where an answer ended early, in a new message that begins with its text.</summary>
public static class ContinueGeneration
{
    public sealed record Request(
        string? Model,
        bool? Stream,
        [property: Description("Where to go on; without it where the answer ended, or was stopped.")] long? Position
    );

    public static async Task<IResult> Handle(
        string id,
        HttpContext http,
        OwnedGenerations lookup,
        FinishedLogs logs,
        RegenerateAnswer again
    )
    {
        if ((await StrictJson.ReadAsync(http, new Request(null, null, null))).IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (CurrentUser.Of(http.User) is not { } user || lookup.Find(user, id) is not { } found)
        {
            return Problems.NotFound("generation");
        }

        if (logs.Find(found) is not { Ended: { } ended } log)
        {
            return Problems.Of(StatusCodes.Status409Conflict, "answer_running", "This answer is still being written.");
        }

        var position = request.Position ?? ended.StoppedAt ?? log.End;
        if (position < 0 || position > log.End || log.BoundaryAt(position) != position)
        {
            return Problems.Invalid(
                "position",
                "invalid_position",
                "This is not a position of this answer. Use the id of the last event that you have seen."
            );
        }

        if (request.Position is null && ended is { Status: GenerationStatus.Completed, FinishReason: not "length" })
        {
            return Problems.Of(StatusCodes.Status409Conflict, "answer_complete", "This answer is complete: there is nothing to continue.");
        }

        return await again.StartAsync(http, user, found, request.Model, log.UpTo(position), ResponseMode.Native(request.Stream ?? true));
    }
}
