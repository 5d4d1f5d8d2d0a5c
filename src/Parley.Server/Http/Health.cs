using Microsoft.EntityFrameworkCore;
using Parley.Server.Data;
using Parley.Server.RateLimiting;

namespace Parley.Server.Http;

internal static class Health
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", static () => Results.Text("live")).WithTags("Health").CountedAs(RateBucket.Open);
        routes.MapGet("/health/ready", static async (ParleyDbContext db, IHostApplicationLifetime lifetime, HttpContext http) =>
            !lifetime.ApplicationStopping.IsCancellationRequested && await db.Database.CanConnectAsync(http.RequestAborted)
                ? Results.Text("ready")
                : Problems.Of(StatusCodes.Status503ServiceUnavailable, "not_ready", "The server is not ready.")).WithTags("Health").CountedAs(RateBucket.Open);
    }
}
