using Parley.Server.Http.Errors;
using Parley.Server.OpenApi;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Generations;

/// <summary>Describes the routes that start or follow generations, for the API document.</summary>
public static class GenerationDescriptions
{
    /// <summary>The headers that name the generation of a response.</summary>
    public static readonly HeaderDescription[] Headers =
    [
        new("X-Conversation-Id", "The conversation of the generation."),
        new("X-Generation-Id", "The generation that writes the answer: follow, stop or read it under `/api/v1/generations/{id}`."),
    ];

    public static ParameterMetadata Format { get; } =
        Parameters.Query(
            "format",
            "The wire format of the response, whatever the request looks like.",
            $$"""{"type":"string","enum":[{{string.Join(',', WireFormatCatalog.All.Select(format => format.Name).Select(name => $"\"{name}\""))}}]}"""
        );

    public static ParameterMetadata After { get; } =
        Parameters.Query("after", "The position to continue from: the `id` of the last event received.", Parameters.Position);

    public static ParameterMetadata LastEventIdInQuery { get; } =
        Parameters.Query("lastEventId", "The same as `after`.", Parameters.Position);

    public static ParameterMetadata LastEventId { get; } =
        Parameters.Header(
            "Last-Event-ID",
            "The same as `after`, and preferred to it: an `EventSource` sends it when it reconnects.",
            Parameters.Position
        );

    public static ParameterMetadata IdempotencyKey { get; } =
        Parameters.Header(
            "Idempotency-Key",
            "A key for this start. The same key with the same request attaches to the generation that the first request started; it never starts a second one.",
            """{"type":"string","minLength":1,"maxLength":255,"pattern":"^[!-~]+$"}"""
        );

    /// <summary>
    /// The same position parameter on a route that ignores invalid values: browsers keep positions across pages, and polyfills invent them.
    /// </summary>
    public static ParameterMetadata Lenient(ParameterMetadata position) =>
        position with
        {
            Schema = Parameters.Text,
            Description = position.Description + " An invalid value is ignored.",
        };

    /// <summary>Declares that the route starts a generation, or attaches to the one that the same <c>Idempotency-Key</c> started.</summary>
    public static RouteHandlerBuilder StartsGeneration(this RouteHandlerBuilder route, params string[] contentTypes) =>
        route
            .WithParameters(IdempotencyKey)
            .ProducesText("The answer from its beginning. The generation continues when the client disconnects.", contentTypes)
            .WithResponseHeaders([200, 429, 500, 502, 503], Headers) // a model can refuse after the generation has started
            .ProducesError(400, ErrorCodes.InvalidIdempotencyKey)
            .ProducesError(422, ErrorCodes.IdempotencyKeyReused)
            .ProducesError(429, ErrorCodes.TooManyAnswers, ErrorCodes.ProviderRateLimited, ErrorCodes.ProviderOutOfCredit)
            .ProducesError(503, ErrorCodes.Overloaded, ErrorCodes.Restarting);

    /// <summary>Declares that the route follows a generation.</summary>
    public static RouteHandlerBuilder FollowsGeneration(this RouteHandlerBuilder route, string description, params string[] contentTypes) =>
        route.ProducesText(description, contentTypes).WithResponseHeaders([200], Headers);
}
