using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Account;

/// <summary><c>GET /api/v1/me</c>: who the caller is; gives an anonymous identity to who has none.</summary>
public static class AccountEndpoints
{
    public sealed record Caller(string Id, bool Anonymous);

    public static void MapAccount(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/api/v1/me", Handle)
            .WithTags("Account")
            .CountedAs(RateBucket.Read)
            .Operation("getMe", "Who the caller is. Whoever brings no credentials is given an anonymous identity, as a cookie.")
            .Answers<Caller>();

    private static async Task<IResult> Handle(HttpContext http, TimeProvider time) =>
        ApiJson.Ok(new Caller((await http.CurrentUserOrNewAsync(time)).Id, true));
}
