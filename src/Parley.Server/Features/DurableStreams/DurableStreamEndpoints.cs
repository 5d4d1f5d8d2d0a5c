using Parley.Server.Identity;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.DurableStreams;

/// <summary>A generation as a stream of the Durable Streams protocol, which others only read: its entries as JSON, and its answer as plain text. The offset is the position.</summary>
public static class DurableStreamEndpoints
{
    private static readonly string[] Methods = ["GET", "HEAD"];

    public static IServiceCollection AddDurableStreams(this IServiceCollection services) => services.AddSingleton<CatchUp>().AddSingleton<LongPoll>().AddSingleton<LiveEvents>();

    public static void MapDurableStreams(this IEndpointRouteBuilder routes)
    {
        var streams = routes.MapGroup("/api/v1/generations/{id}/stream").WithTags("Durable streams");
        streams.MapMethods("", Methods, ReadDurably.HandleJson).CountedAs(RateBucket.Follow).WithMetadata(new QueryCredentials(Resource));
        streams.MapMethods("/text", Methods, ReadDurably.HandleText).CountedAs(RateBucket.Follow).WithMetadata(new QueryCredentials(Resource));
    }

    private static string? Resource(HttpContext http) => http.Request.RouteValues["id"] is string id ? Tickets.ForGeneration(id) : null;
}
