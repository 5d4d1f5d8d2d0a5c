using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Streaming;
using Parley.Server.Identity;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Features.Generations;

/// <summary>
/// <c>GET /api/v1/generations/{id}/events</c>: follows the log from a cursor; formats without a cursor start at the beginning.
/// </summary>
public static class FollowGeneration
{
    public static async Task<IResult> Handle(string id, HttpContext http, ChatQueries chats, ResumeGeneration resume)
    {
        if (await chats.GenerationAsync(CurrentUser.Of(http.User)?.Owner, id, http.RequestAborted) is not { } found)
        {
            return Problems.NotFound("generation");
        }

        if (!FormatParameter.TryRead(http, out var format, out var problem))
        {
            return problem;
        }

        if (!Cursor.TryRead(http, out var after, out problem))
        {
            return problem;
        }

        var written = format?.Create(found.Info) ?? new NativeEvents(found.Info);
        if (after is not null && !written.HasCursor)
        {
            return Problems.Invalid(
                "after",
                ErrorCodes.NoCursor,
                "This format has no positions. Follow it from the beginning, or use the native format."
            );
        }

        return await resume.FromAsync(http, found, written, after);
    }
}
