using System.Text.Json;
using Parley.Server.Http.Json;

namespace Parley.Server.OpenApi;

/// <summary>What a route does, for its description. Nothing is bound or refused by any of these: they only say what the handler does.</summary>
/// <param name="Id">Its <c>operationId</c>.</param>
/// <param name="Summary">A sentence.</param>
/// <param name="Description">What the sentence leaves out, as Markdown.</param>
public sealed record OperationMetadata(string Id, string Summary, string? Description = null);

/// <summary>An answer that a route gives.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Description">What it means.</param>
public sealed record AnswerMetadata(int Status, string? Description = null)
{
    /// <summary>What its body is, where that is JSON.</summary>
    public Type? Body { get; init; }

    /// <summary>What its body is an array of, by a name in <see cref="EventSchemas"/>.</summary>
    public string? Events { get; init; }

    /// <summary>How the body is written.</summary>
    public JsonSerializerOptions? Json { get; init; }

    /// <summary>The types of its body; none for an answer without one.</summary>
    public IReadOnlyList<string> ContentTypes { get; init; } = [];

    /// <summary>Headers that it carries, by the names in <see cref="ResponseHeaders"/>.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];
}

/// <summary>What the events of a route's streams are.</summary>
/// <param name="Names">Names in <see cref="EventSchemas"/>; the first is what a request gets that does not ask for another.</param>
public sealed record EventMetadata(IReadOnlyList<string> Names);

/// <summary>A refusal that a route gives beyond those that all give.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Codes">What its <c>code</c> may be.</param>
public sealed record RefusalMetadata(int Status, IReadOnlyList<string> Codes);

/// <summary>A request without a body is as one with an empty object.</summary>
public sealed record OptionalBodyMetadata;

/// <summary>A body that the route takes, to be tried.</summary>
/// <param name="Name">Who sends such a body.</param>
/// <param name="Json">The body.</param>
public sealed record ExampleMetadata(string Name, string Json);

/// <summary>The members of a JSON value that the code reads by hand.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ShapeAttribute(Type type) : Attribute
{
    public Type Type => type;
}

/// <summary>The types of bodies that are not JSON.</summary>
public static class Media
{
    public const string Events = "text/event-stream",
        Text = "text/plain";
}

public static class OperationExtensions
{
    internal static readonly string[] AnswerHeaders = ["X-Conversation-Id", "X-Generation-Id"];

    /// <summary>Says what the route does.</summary>
    public static RouteHandlerBuilder Operation(this RouteHandlerBuilder route, string id, string summary, string? description = null) =>
        route.WithMetadata(new OperationMetadata(id, summary, description));

    /// <summary>Says what the route reads besides its body.</summary>
    public static RouteHandlerBuilder Reads(this RouteHandlerBuilder route, params ParameterMetadata[] parameters) =>
        route.WithMetadata([.. parameters]);

    /// <summary>Says that the route answers with JSON.</summary>
    public static RouteHandlerBuilder Answers<T>(
        this RouteHandlerBuilder route,
        int status = StatusCodes.Status200OK,
        string? description = null,
        JsonSerializerOptions? json = null,
        params string[] headers
    ) =>
        route.WithMetadata(
            new AnswerMetadata(status, description)
            {
                Body = typeof(T),
                Json = json,
                ContentTypes = ["application/json"],
                Headers = headers,
            }
        );

    /// <summary>Says that the route answers with JSON, 201, and where the new thing is.</summary>
    public static RouteHandlerBuilder Creates<T>(this RouteHandlerBuilder route, JsonSerializerOptions? json = null) =>
        route.Answers<T>(StatusCodes.Status201Created, null, json, "Location");

    /// <summary>Says that the route answers with an array of what other routes send as events.</summary>
    public static RouteHandlerBuilder AnswersEvents(this RouteHandlerBuilder route, string events, params string[] headers) =>
        route.WithMetadata(
            new AnswerMetadata(StatusCodes.Status200OK)
            {
                Events = events,
                ContentTypes = ["application/json"],
                Headers = headers,
            }
        );

    /// <summary>Says that the route answers without a body.</summary>
    public static RouteHandlerBuilder AnswersNothing(
        this RouteHandlerBuilder route,
        int status,
        string description,
        params string[] headers
    ) => route.WithMetadata(new AnswerMetadata(status, description) { Headers = headers });

    /// <summary>Says that the route answers with text, which may come as it is written.</summary>
    public static RouteHandlerBuilder Streams(
        this RouteHandlerBuilder route,
        string description,
        string[] contentTypes,
        params string[] headers
    ) => route.WithMetadata(new AnswerMetadata(StatusCodes.Status200OK, description) { ContentTypes = contentTypes, Headers = headers });

    /// <summary>Says what the events of the route's streams are.</summary>
    public static RouteHandlerBuilder Sends(this RouteHandlerBuilder route, params string[] events) =>
        route.WithMetadata(new EventMetadata(events));

    /// <summary>Says what the route refuses beyond what all routes do.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, int status, params string[] codes) =>
        route.WithMetadata(new RefusalMetadata(status, codes));

    /// <summary>Says that a request needs no body.</summary>
    public static RouteHandlerBuilder BodyIsOptional(this RouteHandlerBuilder route) => route.WithMetadata(new OptionalBodyMetadata());

    /// <summary>Shows a body to try.</summary>
    public static RouteHandlerBuilder Example(this RouteHandlerBuilder route, string name, string json) =>
        route.WithMetadata(new ExampleMetadata(name, json));

    /// <summary>Says that the route begins an answer, or attaches to the one that the same <c>Idempotency-Key</c> began.</summary>
    public static RouteHandlerBuilder StartsAnswer(this RouteHandlerBuilder route, params string[] contentTypes) =>
        route
            .Reads(Parameters.IdempotencyKey)
            .Streams("The answer, from its beginning. Leaving does not end it.", contentTypes, AnswerHeaders)
            .Refuses(StatusCodes.Status400BadRequest, "invalid_idempotency_key")
            .Refuses(StatusCodes.Status422UnprocessableEntity, "idempotency_key_reused")
            .Refuses(StatusCodes.Status429TooManyRequests, "too_many_answers", "provider_rate_limited", "provider_out_of_credit")
            .Refuses(StatusCodes.Status503ServiceUnavailable, "overloaded", "restarting");

    /// <summary>Says that the route follows an answer.</summary>
    public static RouteHandlerBuilder FollowsAnswer(this RouteHandlerBuilder route, string description, params string[] contentTypes) =>
        route.Streams(description, contentTypes, AnswerHeaders);
}
