using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Parley.Server.OpenApi;

/// <summary>Writes the parts of the document that concern the API as a whole.</summary>
internal sealed class DocumentTransformer : IOpenApiDocumentTransformer
{
    /// <summary>The ways in which a caller can be identified, in the order in which they are listed.</summary>
    public static readonly IReadOnlyList<string> AllSchemes = ["cookie", "bearer", "accessToken", "ticket"];

    private static readonly OpenApiSecurityScheme[] Schemes =
    [
        InRequest(
            ParameterLocation.Cookie,
            Identity.AnonymousIdentity.CookieName,
            "Issued to clients without credentials, by the first request that stores data or by `GET /api/v1/me`."
        ),
        new()
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "The token identifies the caller. Any token is accepted, unless `Identity:BearerTokens` lists the accepted ones.",
        },
        InRequest(ParameterLocation.Query, "access_token", "A bearer token, for `EventSource`, which cannot set headers."),
        InRequest(ParameterLocation.Query, "ticket", "Valid for one stream and for one minute, since URLs end up in logs."),
    ];

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Parley",
            Version = typeof(Program).Assembly.GetName().Version!.ToString(3),
            Description =
                "Each generation is a durable log: the request that starts one follows its log, and a client that reconnects continues from its position. Every route may also respond 500 `internal_error`. "
                + "`x-rate-limit` names the rate limit policy of a route; no rate limit is enforced. `x-event-schema` is the schema of the `data` of a stream's events.",
            License = new OpenApiLicense { Name = "Apache-2.0", Identifier = "Apache-2.0" },
        };
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Tags = context
            .DescriptionGroups.SelectMany(group => group.Items)
            .SelectMany(description => description.ActionDescriptor.EndpointMetadata.OfType<TagMetadata>())
            .Distinct()
            .Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description })
            .ToHashSet();
        foreach (var (name, scheme) in AllSchemes.Zip(Schemes))
        {
            document.AddComponent(name, scheme);
        }

        document.Security = [Requirement(document, "cookie"), Requirement(document, "bearer"), new OpenApiSecurityRequirement()];
        return Task.CompletedTask;
    }

    public static OpenApiSecurityRequirement Requirement(OpenApiDocument document, string scheme) =>
        new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };

    private static OpenApiSecurityScheme InRequest(ParameterLocation place, string name, string description) =>
        new()
        {
            Type = SecuritySchemeType.ApiKey,
            In = place,
            Name = name,
            Description = description,
        };
}
