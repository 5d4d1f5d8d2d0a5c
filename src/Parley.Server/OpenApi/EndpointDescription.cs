using System.Text.Json;

namespace Parley.Server.OpenApi;

// What the framework's WithName, WithSummary, WithDescription, WithTags and Produces cannot say of a route. Metadata for the API document
// only: nothing is bound, validated or written by it.

/// <summary>What a tag is about.</summary>
public sealed record TagMetadata(string Name, string Description);

/// <summary>An example of a body.</summary>
/// <param name="Name">Which client sends it, or what it shows.</param>
/// <param name="Json">The body.</param>
public sealed record ExampleMetadata(string Name, string Json);

/// <summary>How the JSON of a route's responses is written, where it is not <see cref="Http.Json.ApiJson"/>.</summary>
public sealed record JsonFormatMetadata(JsonSerializerOptions Options);

/// <summary>A response header.</summary>
public sealed record HeaderDescription(string Name, string Description);

/// <summary>The headers of the responses with one of these statuses.</summary>
public sealed record ResponseHeadersMetadata(IReadOnlyList<int> Statuses, IReadOnlyList<HeaderDescription> Headers);

/// <summary>The schema of an event's <c>data</c>, as JSON.</summary>
public sealed record EventSchema(string Name, string Json);

/// <summary>The events in a route's responses.</summary>
/// <param name="ContentType">Of an event stream, or of a JSON array of events.</param>
/// <param name="Schemas">The events' schemas; the first is the default format's.</param>
public sealed record EventsMetadata(string ContentType, IReadOnlyList<EventSchema> Schemas);

/// <summary>Errors of a route beyond those that every route has.</summary>
public sealed record ErrorMetadata(int Status, IReadOnlyList<string> Codes);

public static class EndpointDescriptionExtensions
{
    private static readonly HeaderDescription Location = new("Location", "The URL of the new resource.");

    public static TBuilder WithTag<TBuilder>(this TBuilder routes, string name, string description)
        where TBuilder : IEndpointConventionBuilder => routes.WithTags(name).WithMetadata(new TagMetadata(name, description));

    /// <summary>Declares parameters that the handler reads from the request itself.</summary>
    public static RouteHandlerBuilder WithParameters(this RouteHandlerBuilder route, params ParameterMetadata[] parameters) =>
        route.WithMetadata([.. parameters]);

    public static RouteHandlerBuilder WithExample(this RouteHandlerBuilder route, string name, string json) =>
        route.WithMetadata(new ExampleMetadata(name, json));

    public static TBuilder WithJsonFormat<TBuilder>(this TBuilder routes, JsonSerializerOptions options)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(new JsonFormatMetadata(options));

    public static RouteHandlerBuilder WithResponseHeaders(
        this RouteHandlerBuilder route,
        IReadOnlyList<int> statuses,
        params HeaderDescription[] headers
    ) => route.WithMetadata(new ResponseHeadersMetadata(statuses, headers));

    /// <summary>Declares a JSON response with a description; without one it is the framework's <c>Produces</c>.</summary>
    public static RouteHandlerBuilder Produces<T>(this RouteHandlerBuilder route, string description, int status = 200) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(T), [Media.Json]) { Description = description });

    /// <summary>Declares the response 201 with <c>Location</c>.</summary>
    public static RouteHandlerBuilder ProducesCreated<T>(this RouteHandlerBuilder route) =>
        route.Produces<T>(StatusCodes.Status201Created).WithResponseHeaders([StatusCodes.Status201Created], Location);

    /// <summary>Declares a response without a body.</summary>
    public static RouteHandlerBuilder ProducesNoBody(this RouteHandlerBuilder route, int status, string description) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status) { Description = description });

    /// <summary>Declares a response of text, which may be streamed.</summary>
    public static RouteHandlerBuilder ProducesText(this RouteHandlerBuilder route, string description, params string[] contentTypes) =>
        route.WithMetadata(
            new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), contentTypes) { Description = description }
        );

    /// <summary>Declares the events of the route's event streams.</summary>
    public static RouteHandlerBuilder ProducesEvents(this RouteHandlerBuilder route, params EventSchema[] schemas) =>
        route.WithMetadata(new EventsMetadata(Media.Events, schemas));

    /// <summary>Declares a response that is a JSON array of events.</summary>
    public static RouteHandlerBuilder ProducesEventArray(this RouteHandlerBuilder route, EventSchema schema) =>
        route.Produces(StatusCodes.Status200OK, null, Media.Json).WithMetadata(new EventsMetadata(Media.Json, [schema]));

    /// <summary>Declares the codes of errors with this status.</summary>
    public static RouteHandlerBuilder ProducesError(this RouteHandlerBuilder route, int status, params string[] codes) =>
        route.WithMetadata(new ErrorMetadata(status, codes));
}

/// <summary>Media types of responses.</summary>
public static class Media
{
    public const string Json = "application/json",
        Events = "text/event-stream",
        Text = "text/plain";
}
