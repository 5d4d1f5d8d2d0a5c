using Parley.Server.Http;
using Parley.Server.Identity;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Generations;

public static class GenerationEndpoints
{
    private static string? Resource(HttpContext http) => http.Request.RouteValues["id"] is string id ? Tickets.ForGeneration(id) : null;

    public static void MapGenerations(this IEndpointRouteBuilder routes)
    {
        var generations = routes.MapGroup("/api/v1/generations/{id}").WithTags("Generations");
        generations.MapGet("", GetGeneration.Handle).CountedAs(RateBucket.Read);
        generations.MapGet("/events", FollowGeneration.Handle).CountedAs(RateBucket.Follow).WithMetadata(new QueryCredentials(Resource));
        generations.MapPost("/stop", StopGeneration.Handle).CountedAs(RateBucket.Follow).Takes<StopGeneration.Request>();
        generations.MapPost("/retry", RetryGeneration.Handle).CountedAs(RateBucket.Chat).Takes<RetryGeneration.Request>();
        generations.MapPost("/continue", ContinueGeneration.Handle).CountedAs(RateBucket.Chat).Takes<ContinueGeneration.Request>();
        generations.MapPost("/ticket", CreateGenerationTicket.Handle).CountedAs(RateBucket.Follow).TakesNoBody();
    }
}
