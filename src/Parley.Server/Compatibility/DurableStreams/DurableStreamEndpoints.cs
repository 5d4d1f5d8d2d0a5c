using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Compatibility.DurableStreams;

/// <summary>
/// A generation as a read-only stream of the Durable Streams protocol: its entries as JSON, or its text. The offset is the position.
/// </summary>
public static class DurableStreamEndpoints
{
    private static readonly string[] Methods = ["GET", "HEAD"];

    private static readonly ParameterMetadata Offset = Parameters.Query(
        "offset",
        "Where to read from: `-1` for the beginning, `now` for the end, or the last `Stream-Next-Offset`.",
        """{"type":"string","default":"-1"}"""
    );

    private static readonly ParameterMetadata Live = Parameters.Query(
        "live",
        "Without it the response is what is stored. `long-poll` waits for more; `sse` continues as Server-Sent Events. Both need `offset`.",
        """{"type":"string","enum":["long-poll","sse"]}"""
    );

    private static readonly ParameterMetadata Cursor = Parameters.Query("cursor", "The last `Stream-Cursor`.");

    private static readonly ParameterMetadata IfNoneMatch = Parameters.Header("If-None-Match", "An `ETag` of an earlier response.");

    private static readonly HeaderDescription[] Headers =
    [
        new(DurableStreamReads.NextOffset, "The offset to read from next."),
        new(DurableStreamReads.UpToDate, "`true` when the response ends at the current end of the stream."),
        new(DurableStreamReads.Closed, "`true` when the stream is complete."),
        new(DurableStreamReads.Cursor, "To be sent as `cursor` with the next long-poll."),
        new("ETag", "Identifies this section of the stream, for `If-None-Match`."),
    ];

    public static IServiceCollection AddDurableStreams(this IServiceCollection services) =>
        services.AddSingleton<CatchUp>().AddSingleton<LongPoll>().AddSingleton<LiveEvents>();

    public static void MapDurableStreams(this IEndpointRouteBuilder routes)
    {
        var streams = routes
            .MapGroup("/api/v1/generations/{id}/stream")
            .WithTag("Durable streams", "A generation as a read-only stream of the Durable Streams protocol.");
        streams
            .MapMethods("", Methods, DurableStreamReads.HandleJson)
            .WithName("readGenerationStream")
            .WithSummary("Reads a generation's entries as a JSON stream of the Durable Streams protocol.")
            .WithDescription("Each message is the object of a native event with its `position`. The offset is the position.")
            .ReadsStream()
            .ProducesEventArray(GenerationEventSchemas.Native);
        streams
            .MapMethods("/text", Methods, DurableStreamReads.HandleText)
            .WithName("readGenerationTextStream")
            .WithSummary("Reads a generation's answer as a text stream of the Durable Streams protocol.")
            .WithDescription("Its offsets are those of the JSON stream.")
            .ReadsStream()
            .ProducesText("The text after the offset.", Media.Text);
    }

    private static RouteHandlerBuilder ReadsStream(this RouteHandlerBuilder route) =>
        route
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .WithMetadata(new QueryCredentials(Resource))
            .WithParameters(Parameters.GenerationId, Offset, Live, Cursor, IfNoneMatch)
            .ProducesText("With `live=sse`: events.", Media.Events)
            .ProducesNoBody(204, "The long-poll ended without new data, or the stream is complete.")
            .ProducesNoBody(304, "The section is unchanged.")
            .WithResponseHeaders([200, 304], Headers)
            .WithResponseHeaders([204], Headers[..^1])
            .ProducesError(
                400,
                ErrorCodes.Required,
                ErrorCodes.InvalidLive,
                ErrorCodes.InvalidOffset,
                ErrorCodes.OffsetBeyondEnd,
                ErrorCodes.DuplicateParameter
            )
            .ProducesError(404, ErrorCodes.NotFound);

    private static string? Resource(HttpContext http) => http.Request.RouteValues["id"] is string id ? Tickets.ForGeneration(id) : null;
}
