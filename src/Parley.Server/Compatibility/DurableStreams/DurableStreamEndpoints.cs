using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Compatibility.DurableStreams;

/// <summary>A generation as a stream of the Durable Streams protocol, which others only read: its entries as JSON, and its answer as plain text. The offset is the position.</summary>
public static class DurableStreamEndpoints
{
    private static readonly string[] Methods = ["GET", "HEAD"];

    private static readonly string[] Headers =
    [
        ReadDurably.NextOffset,
        ReadDurably.UpToDate,
        ReadDurably.Closed,
        ReadDurably.Cursor,
        "ETag",
    ];

    public static IServiceCollection AddDurableStreams(this IServiceCollection services) =>
        services.AddSingleton<CatchUp>().AddSingleton<LongPoll>().AddSingleton<LiveEvents>();

    public static void MapDurableStreams(this IEndpointRouteBuilder routes)
    {
        var streams = routes.MapGroup("/api/v1/generations/{id}/stream").WithTags("Durable streams");
        streams
            .MapMethods("", Methods, ReadDurably.HandleJson)
            .CountedAs(RateBucket.Follow)
            .WithMetadata(new QueryCredentials(Resource))
            .Operation(
                "readGenerationStream",
                "A generation's entries as a JSON stream of the Durable Streams protocol.",
                "Each message is the object of a native event with its `position`. The offset is the position."
            )
            .AnswersEvents(EventSchemas.Generation, Headers)
            .ReadsDurably();
        streams
            .MapMethods("/text", Methods, ReadDurably.HandleText)
            .CountedAs(RateBucket.Follow)
            .WithMetadata(new QueryCredentials(Resource))
            .Operation(
                "readGenerationTextStream",
                "A generation's answer as a text stream of the Durable Streams protocol.",
                "Its offsets are those of the JSON stream."
            )
            .Streams("The text from the offset on.", [Media.Text], Headers)
            .ReadsDurably();
    }

    private static void ReadsDurably(this RouteHandlerBuilder route) =>
        route
            .Reads(Parameters.GenerationId, Parameters.StreamOffset, Parameters.Live, Parameters.StreamCursor, Parameters.IfNoneMatch)
            .Streams("With `live=sse`: events.", [Media.Events])
            .AnswersNothing(204, "Nothing came while a long-poll waited, or nothing more will.", Headers[..^1])
            .AnswersNothing(304, "The reader has this stretch.", Headers)
            .Refuses(400, "required", "invalid_live", "invalid_offset", "offset_beyond_end", "duplicate_parameter")
            .Refuses(404, "not_found");

    private static string? Resource(HttpContext http) => http.Request.RouteValues["id"] is string id ? Tickets.ForGeneration(id) : null;
}
