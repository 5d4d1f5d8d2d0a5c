using Parley.Server.Http.Errors;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary>
/// <c>GET /chat-stream/body?streamId=</c>: returns text and status; with <c>live=sse</c> streams them each time they change.
/// </summary>
public static class GetStreamBody
{
    public static async Task<IResult> Handle(HttpContext http, StreamBodies bodies, StreamBodyEvents events)
    {
        if (!Http.Query.TryReadOnce(http, "streamId", out var id, out var problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "live", out var live, out problem))
        {
            return problem;
        }

        if (id is null)
        {
            return Problems.Invalid(
                "streamId",
                ErrorCodes.Required,
                "streamId is required: the streamId that POST /chat-stream/create returned."
            );
        }

        if (live is not (null or "sse"))
        {
            return Problems.Invalid("live", ErrorCodes.InvalidLive, "live must be sse.");
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("stream");
        }

        if (live is not null || AcceptsEvents(http.Request))
        {
            return await events.WriteAsync(http, user, id);
        }

        return await bodies.ReadAsync(user, id, http.RequestAborted) is { } body
            ? Results.Bytes(body.ToJson(), "application/json; charset=utf-8")
            : Problems.NotFound("stream");
    }

    private static bool AcceptsEvents(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(static type => type.MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase));
}
