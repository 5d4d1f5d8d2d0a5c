using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Account;

/// <summary><c>GET /api/v1/me</c>: the caller's identity; issues an anonymous one to clients without credentials.</summary>
public static class AccountEndpoints
{
    public sealed record Caller(string Id, bool Anonymous);

    public static void MapAccount(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/api/v1/me", Handle)
            .WithTag("Account", "The caller's identity.")
            .WithName("getMe")
            .WithSummary("Returns the caller's identity. Clients without credentials are issued an anonymous one, as a cookie.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .Produces<Caller>();

    private static async Task<IResult> Handle(HttpContext http, TimeProvider time) =>
        ApiJson.Ok(new Caller((await http.CurrentUserOrNewAsync(time)).Id, true));
}
