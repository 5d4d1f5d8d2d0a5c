using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.Convex;

/// <summary><c>GET /chat-stream/body?streamId=</c>: text and status, now; with <c>live=sse</c> also each time that they change.</summary>
public static class GetStreamBody
{
    public static async Task<IResult> Handle(HttpContext http, StreamBodies bodies, LiveBody live)
    {
        if (!Http.Query.TryReadOnce(http, "streamId", out var id, out var problem))
        {
            return problem;
        }

        if (!Http.Query.TryReadOnce(http, "live", out var how, out problem))
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

        if (how is not (null or "sse"))
        {
            return Problems.Invalid("live", ErrorCodes.InvalidLive, "live is sse.");
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("stream");
        }

        if (how is not null || IsForEvents(http.Request))
        {
            return await live.WriteAsync(http, user, id);
        }

        return await bodies.ReadAsync(user, id, http.RequestAborted) is { } body
            ? Results.Bytes(body.ToJson(), "application/json; charset=utf-8")
            : Problems.NotFound("stream");
    }

    private static bool IsForEvents(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(static type => type.MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase));
}
