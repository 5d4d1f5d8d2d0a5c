using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.RateLimiting;

namespace Parley.Server.OpenApi;

/// <summary>
/// Writes an operation from the metadata of its route: handlers read requests and write responses themselves, so the framework learns
/// nothing from their signatures.
/// </summary>
internal sealed class OperationTransformer : IOpenApiOperationTransformer
{
    private static readonly HeaderDescription RetryAfter = new("Retry-After", "Seconds after which the same request may succeed."),
        WwwAuthenticate = new("WWW-Authenticate", "`Bearer`.");

    private JsonSchemas? _schemas;

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        _schemas ??= new JsonSchemas(context.Document!);
        var route = new Route(context.Description.HttpMethod!, new(context.Description.ActionDescriptor.EndpointMetadata));
        if (route.IsHead)
        {
            operation.OperationId += "Head";
        }

        operation.Parameters =
        [
            .. route.All<ParameterMetadata>().Where(parameter => !route.IsHead || parameter.In == ParameterLocation.Path).Select(Parameter),
        ];
        operation.RequestBody = Body(route);
        operation.Responses = Responses(route);
        operation.Security = Security(route, context.Document!);
        if (route.Find<RateLimitPolicyMetadata>() is { } limit)
        {
            operation.Extensions ??= new Dictionary<string, IOpenApiExtension>();
            operation.Extensions["x-rate-limit"] = new JsonNodeExtension(limit.Policy);
        }

        return Task.CompletedTask;
    }

    private OpenApiParameter Parameter(ParameterMetadata parameter) =>
        new()
        {
            Name = parameter.Name,
            In = parameter.In,
            Description = parameter.Description,
            Required = parameter.Required,
            Schema = _schemas!.Read(JsonNode.Parse(parameter.Schema)!),
        };

    private OpenApiRequestBody? Body(Route route)
    {
        List<IOpenApiSchema> schemas =
        [
            .. route.Bodies.Select(body => _schemas!.Of(body.Type!, new SchemaUse(StrictJson.Options, IsRequest: true, body.IsTolerant))),
        ];
        if (schemas.Count == 0)
        {
            return null;
        }

        var media = new OpenApiMediaType
        {
            Schema = schemas.Count == 1 ? schemas[0] : new OpenApiSchema { AnyOf = schemas },
            Examples = route
                .All<ExampleMetadata>()
                .ToDictionary(
                    example => example.Name,
                    IOpenApiExample (example) => new OpenApiExample { Value = JsonNode.Parse(example.Json) }
                ),
        };
        return new OpenApiRequestBody
        {
            Required = !route.Bodies.Any(body => body.IsOptional),
            Content = new Dictionary<string, OpenApiMediaType> { [Media.Json] = media },
        };
    }

    private OpenApiResponses Responses(Route route)
    {
        var responses = new OpenApiResponses();
        foreach (var group in route.All<IProducesResponseTypeMetadata>().GroupBy(response => response.StatusCode))
        {
            // A HEAD request is not conditional, and has no live modes.
            if (!route.IsHead || group.Key == StatusCodes.Status200OK)
            {
                responses[Key(group.Key)] = Response(route, group.Key, [.. group]);
            }
        }

        foreach (var (status, codes) in Errors(route))
        {
            responses[Key(status)] = Error(route, status, codes);
        }

        if (route.IsHead)
        {
            responses.Remove(Key(StatusCodes.Status400BadRequest));
            foreach (var response in responses.Values.OfType<OpenApiResponse>())
            {
                response.Content = null;
            }
        }

        return responses;
    }

    private OpenApiResponse Response(Route route, int status, List<IProducesResponseTypeMetadata> declared)
    {
        var descriptions = declared.Select(response => response.Description).OfType<string>();
        var result = new OpenApiResponse
        {
            Description = string.Join(' ', descriptions.DefaultIfEmpty(ReasonPhrases.GetReasonPhrase(status))),
        };
        foreach (var (response, contentType) in declared.SelectMany(response => response.ContentTypes.Select(type => (response, type))))
        {
            var events = route.All<EventsMetadata>().FirstOrDefault(events => events.ContentType == contentType);
            result.Content ??= new Dictionary<string, OpenApiMediaType>();
            result.Content[contentType] = contentType switch
            {
                Media.Json when events is not null => new OpenApiMediaType
                {
                    Schema = _schemas!.Read(new JsonObject { ["type"] = "array", ["items"] = OneOf(events) }),
                },
                Media.Json => new OpenApiMediaType
                {
                    Schema = _schemas!.Of(
                        response.Type!,
                        new SchemaUse(route.Find<JsonFormatMetadata>()?.Options ?? ApiJson.Options, IsRequest: false, IsTolerant: true)
                    ),
                },
                _ => new OpenApiMediaType
                {
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                    Extensions = events is null
                        ? null
                        : new Dictionary<string, IOpenApiExtension> { ["x-event-schema"] = new JsonNodeExtension(OneOf(events)) },
                },
            };
        }

        AddDeclaredHeaders(route, status, result);
        return result;
    }

    private JsonObject OneOf(EventsMetadata events)
    {
        JsonNode[] schemas = [.. events.Schemas.Select(schema => _schemas!.Named(schema))];
        return schemas is [JsonObject one] ? one : new JsonObject { ["anyOf"] = new JsonArray(schemas) };
    }

    /// <summary>The codes that the route declares, and those that follow from what it reads.</summary>
    private static SortedDictionary<int, List<string>> Errors(Route route)
    {
        SortedDictionary<int, List<string>> errors = [];
        void Add(int status, params IEnumerable<string> codes)
        {
            errors.TryAdd(status, []);
            errors[status].AddRange(codes.Except(errors[status]));
        }

        if (route.Bodies.Any())
        {
            Add(StatusCodes.Status400BadRequest, ErrorCodes.MalformedJson, ErrorCodes.MalformedBody);
            Add(StatusCodes.Status400BadRequest, ErrorCodes.DuplicateMember, ErrorCodes.InvalidText);
            Add(StatusCodes.Status400BadRequest, route.ErrorFormat.InvalidMemberCodes);
            if (route.Bodies.Any(body => !body.IsTolerant))
            {
                Add(StatusCodes.Status400BadRequest, ErrorCodes.UnknownMember);
            }

            Add(StatusCodes.Status413PayloadTooLarge, ErrorCodes.BodyTooLarge);
            Add(StatusCodes.Status415UnsupportedMediaType, ErrorCodes.UnsupportedMediaType);
        }

        foreach (var error in route.All<ErrorMetadata>())
        {
            Add(error.Status, error.Codes);
        }

        Add(StatusCodes.Status401Unauthorized, ErrorCodes.InvalidToken);
        if (!HttpMethods.IsGet(route.Method) && !route.IsHead)
        {
            Add(StatusCodes.Status403Forbidden, ErrorCodes.CrossSite);
        }

        if (!route.IsAnonymous)
        {
            Add(StatusCodes.Status503ServiceUnavailable, ErrorCodes.Overloaded, ErrorCodes.StorageUnavailable);
        }

        return errors;
    }

    private OpenApiResponse Error(Route route, int status, List<string> declared)
    {
        var format = route.ErrorFormat;
        var codes = format.CodesOf(status, declared);
        var response = new OpenApiResponse
        {
            Description = $"{ReasonPhrases.GetReasonPhrase(status)}: {string.Join(", ", codes.Select(code => $"`{code}`"))}.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [format.ContentType] = new OpenApiMediaType
                {
                    Schema = _schemas!.Of(format.BodyType, new SchemaUse(ApiJson.Options, IsRequest: false, IsTolerant: true)),
                    Example = format.Example(status, codes[0]),
                },
            },
        };
        AddDeclaredHeaders(route, status, response);
        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            AddHeader(response, RetryAfter);
        }

        if (status is StatusCodes.Status401Unauthorized)
        {
            AddHeader(response, WwwAuthenticate);
        }

        return response;
    }

    private static void AddDeclaredHeaders(Route route, int status, OpenApiResponse response)
    {
        foreach (
            var header in route
                .All<ResponseHeadersMetadata>()
                .Where(declared => declared.Statuses.Contains(status))
                .SelectMany(declared => declared.Headers)
        )
        {
            AddHeader(response, header);
        }
    }

    private static void AddHeader(OpenApiResponse response, HeaderDescription header)
    {
        response.Headers ??= new Dictionary<string, IOpenApiHeader>();
        response.Headers[header.Name] = new OpenApiHeader
        {
            Description = header.Description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        };
    }

    private static List<OpenApiSecurityRequirement>? Security(Route route, OpenApiDocument document) =>
        route.IsAnonymous ? []
        : route.Find<QueryCredentials>() is null ? null
        : [.. DocumentTransformer.AllSchemes.Select(name => DocumentTransformer.Requirement(document, name))];

    private static string Key(int status) => status.ToString(CultureInfo.InvariantCulture);

    private sealed record Route(string Method, EndpointMetadataCollection Metadata)
    {
        public IEnumerable<RequestBodyMetadata> Bodies => All<RequestBodyMetadata>().Where(body => body.Type is not null);

        public ErrorFormat ErrorFormat => ErrorFormat.Of(Metadata);

        public bool IsHead => HttpMethods.IsHead(Method);

        public bool IsAnonymous => Find<IAllowAnonymous>() is not null;

        public IReadOnlyList<T> All<T>()
            where T : class => Metadata.GetOrderedMetadata<T>();

        public T? Find<T>()
            where T : class => Metadata.GetMetadata<T>();
    }
}
