using Parley.Server.Data;
using Parley.Server.Http.Errors;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Health;

/// <summary>Health checks, for orchestrators and load balancers.</summary>
public static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTag("Health", "Health checks.").AllowAnonymous();
        health
            .MapGet("/live", static () => Results.Text("live"))
            .WithName("getLiveness")
            .WithSummary("Checks that the process is running.")
            .WithRateLimitPolicy(RateLimitPolicies.Open)
            .ProducesText("`live`.", Media.Text);
        health
            .MapGet("/ready", static async (IDatabase database, IHostApplicationLifetime lifetime, HttpContext http) =>
                !lifetime.ApplicationStopping.IsCancellationRequested && await database.IsAvailableAsync(http.RequestAborted)
                    ? Results.Text("ready")
                    : Problems.Of(StatusCodes.Status503ServiceUnavailable, ErrorCodes.NotReady, "The server is not ready.")
            )
            .WithName("getReadiness")
            .WithSummary("Checks that the database is available and that the server is not shutting down.")
            .WithRateLimitPolicy(RateLimitPolicies.Open)
            .ProducesText("`ready`.", Media.Text)
            .ProducesError(503, ErrorCodes.NotReady);
    }
}
