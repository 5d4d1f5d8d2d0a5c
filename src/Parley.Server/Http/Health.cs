using Parley.Server.Data;
using Parley.Server.Http.Errors;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Http;

internal static class Health
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/health/live", static () => Results.Text("live"))
            .WithTags("Health")
            .CountedAs(RateBucket.Open)
            .Operation("getLiveness", "The process runs.")
            .Streams("`live`.", [Media.Text]);
        routes
            .MapGet("/health/ready", static async (IDatabase database, IHostApplicationLifetime lifetime, HttpContext http) =>
                !lifetime.ApplicationStopping.IsCancellationRequested && await database.IsAvailableAsync(http.RequestAborted)
                    ? Results.Text("ready")
                    : Problems.Of(StatusCodes.Status503ServiceUnavailable, "not_ready", "The server is not ready.")
            )
            .WithTags("Health")
            .CountedAs(RateBucket.Open)
            .Operation("getReadiness", "The database answers, and the server is not shutting down.")
            .Streams("`ready`.", [Media.Text])
            .Refuses(503, "not_ready");
    }
}
