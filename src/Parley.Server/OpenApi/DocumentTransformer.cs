using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Parley.Server.OpenApi;

/// <summary>What the document says of the API as a whole.</summary>
internal sealed class DocumentTransformer : IOpenApiDocumentTransformer
{
    public const string Cookie = "cookie",
        Bearer = "bearer",
        Ticket = "ticket",
        AccessToken = "accessToken";

    private static readonly (string Name, string Description)[] Tags =
    [
        ("Chat", "Asks a model. One route for Parley's own clients, the AI SDK and others: the body shows which."),
        ("Generations", "An answer that is being written, or was: a durable log, followed from a position."),
        ("Conversations", "What was said, as a tree of messages."),
        ("Messages", "The messages of a conversation."),
        ("Models", "What can be asked."),
        ("Account", "Who the caller is."),
        ("Feed", "What changed, as it changes."),
        ("OpenAI", "The OpenAI API, for every client that speaks it. Errors are in its envelope."),
        ("Durable streams", "An answer as a stream of the Durable Streams protocol, read only."),
        ("Chat sessions", "Start a turn, stream its answer, read the history."),
        ("Chat conversations", "Conversations and messages as rows, paged by offset."),
        ("Text streams", "A chat whose answer one request drives, as raw text, and all others watch."),
        (
            "Convex",
            "The functions of text streams, as Convex's clients call them. They also subscribe to them, at the WebSocket `/api/{version}/sync`."
        ),
        ("Health", "For probes."),
    ];

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Parley",
            Version = typeof(Program).Assembly.GetName().Version!.ToString(3),
            Description =
                "An answer is a durable log: whoever starts one merely follows it, and whoever comes back goes on where they were. Every route may answer 500 `internal_error` besides what it lists. "
                + "`x-rate-limit` names the bucket that a route's requests are counted in; `x-event-schema` is what the `data` of an event stream's events is.",
            License = new OpenApiLicense { Name = "Apache-2.0", Identifier = "Apache-2.0" },
        };
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Tags = Tags.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description }).ToHashSet();
        document.AddComponent(
            Cookie,
            new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = Identity.AnonymousIdentity.CookieName,
                Description = "Given to whoever brings nothing, with the first request that stores something or `GET /api/v1/me`.",
            }
        );
        document.AddComponent(
            Bearer,
            new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A token is who its sender is. Any is accepted, unless `Identity:BearerTokens` names those that are.",
            }
        );
        document.AddComponent(
            AccessToken,
            new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Query,
                Name = "access_token",
                Description = "A bearer token, for an `EventSource`, which can set no header.",
            }
        );
        document.AddComponent(
            Ticket,
            new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Query,
                Name = "ticket",
                Description = "Good for one stream and a minute: a URL ends up in logs.",
            }
        );
        document.Security = [Requirement(document, Cookie), Requirement(document, Bearer), new OpenApiSecurityRequirement()];
        return Task.CompletedTask;
    }

    public static OpenApiSecurityRequirement Requirement(OpenApiDocument document, string scheme) =>
        new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };
}
