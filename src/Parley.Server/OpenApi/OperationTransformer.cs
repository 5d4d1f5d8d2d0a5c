using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;
using Parley.Server.Data.Model;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.RateLimiting;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.OpenApi;

/// <summary>Writes an operation from what its route declares: handlers read requests and write answers themselves, so their signatures say nothing.</summary>
internal sealed class OperationTransformer : IOpenApiOperationTransformer
{
    private JsonSchemas? _schemas;

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        _schemas ??= new JsonSchemas(context.Document!);
        var route = new Route(
            context.Description.HttpMethod!,
            "/" + context.Description.RelativePath,
            context.Description.ActionDescriptor.EndpointMetadata
        );
        if (route.Find<OperationMetadata>() is not { } said)
        {
            return Task.CompletedTask;
        }

        operation.OperationId = route.IsHead ? said.Id + "Head" : said.Id;
        operation.Summary = said.Summary;
        operation.Description = said.Description;
        operation.Parameters =
        [
            .. route.All<ParameterMetadata>().Where(parameter => !route.IsHead || parameter.In == "path").Select(Parameter),
        ];
        operation.RequestBody = Body(route);
        operation.Responses = Responses(route);
        operation.Security = Security(route, context.Document!);
        if (route.Find<RateBucketMetadata>() is { } bucket)
        {
            operation.Extensions ??= new Dictionary<string, IOpenApiExtension>();
            operation.Extensions["x-rate-limit"] = new JsonNodeExtension(bucket.Bucket.ToString().ToLowerInvariant());
        }

        return Task.CompletedTask;
    }

    private OpenApiParameter Parameter(ParameterMetadata parameter) =>
        new()
        {
            Name = parameter.Name,
            In = parameter.In switch
            {
                "path" => ParameterLocation.Path,
                "query" => ParameterLocation.Query,
                _ => ParameterLocation.Header,
            },
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

        var media = new OpenApiMediaType { Schema = schemas.Count == 1 ? schemas[0] : new OpenApiSchema { AnyOf = schemas } };
        foreach (var example in route.All<ExampleMetadata>())
        {
            media.Examples ??= new Dictionary<string, IOpenApiExample>();
            media.Examples[example.Name] = new OpenApiExample { Value = JsonNode.Parse(example.Json) };
        }

        return new OpenApiRequestBody
        {
            Required = !route.Has<OptionalBodyMetadata>(),
            Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = media },
        };
    }

    private OpenApiResponses Responses(Route route)
    {
        var responses = new OpenApiResponses();
        foreach (var group in route.All<AnswerMetadata>().GroupBy(answer => answer.Status))
        {
            responses[Key(group.Key)] = Answer([.. group], route.Find<EventMetadata>());
        }

        foreach (var (status, codes) in Refusals(route))
        {
            responses[Key(status)] = Refusal(route, status, codes);
        }

        if (!route.IsHead)
        {
            return responses;
        }

        foreach (var status in (ReadOnlySpan<string>)["204", "304", "400"])
        {
            responses.Remove(status);
        }

        foreach (var response in responses.Values.OfType<OpenApiResponse>())
        {
            response.Content = null;
        }

        return responses;
    }

    private OpenApiResponse Answer(List<AnswerMetadata> answers, EventMetadata? events)
    {
        var response = new OpenApiResponse
        {
            Description = string.Join(
                " ",
                answers
                    .Select(answer => answer.Description)
                    .OfType<string>()
                    .DefaultIfEmpty(ReasonPhrases.GetReasonPhrase(answers[0].Status))
            ),
        };
        foreach (var answer in answers)
        {
            foreach (var type in answer.ContentTypes)
            {
                response.Content ??= new Dictionary<string, OpenApiMediaType>();
                response.Content[type] = new OpenApiMediaType
                {
                    Schema = Schema(answer),
                    Extensions =
                        type == Media.Events && events is not null
                            ? new Dictionary<string, IOpenApiExtension> { ["x-event-schema"] = new JsonNodeExtension(Events(events)) }
                            : null,
                };
            }

            foreach (var header in answer.Headers)
            {
                AddHeader(response, header);
            }
        }

        return response;
    }

    private IOpenApiSchema Schema(AnswerMetadata answer)
    {
        if (answer.Body is { } body)
        {
            return _schemas!.Of(body, new SchemaUse(answer.Json ?? ApiJson.Options, IsRequest: false, IsTolerant: true));
        }

        return answer.Events is { } events
            ? _schemas!.Read(new JsonObject { ["type"] = "array", ["items"] = _schemas.Named(events, EventSchemas.Of) })
            : new OpenApiSchema { Type = JsonSchemaType.String };
    }

    private JsonObject Events(EventMetadata events) =>
        events.Names.Count == 1
            ? _schemas!.Named(events.Names[0], EventSchemas.Of)
            : new JsonObject { ["anyOf"] = new JsonArray([.. events.Names.Select(name => _schemas!.Named(name, EventSchemas.Of))]) };

    /// <summary>What the route refuses: what it says itself, and what follows from what it reads.</summary>
    private static SortedDictionary<int, List<string>> Refusals(Route route)
    {
        SortedDictionary<int, List<string>> refusals = [];
        void Add(int status, params ReadOnlySpan<string> codes)
        {
            if (!refusals.TryGetValue(status, out var known))
            {
                refusals[status] = known = [];
            }

            foreach (var code in codes)
            {
                if (!known.Contains(code))
                {
                    known.Add(code);
                }
            }
        }

        if (route.HasBody)
        {
            Add(StatusCodes.Status400BadRequest, "malformed_json", "malformed_body", "duplicate_member", "invalid_text");
            if (route.IsOpenAI)
            {
                Add(
                    StatusCodes.Status400BadRequest,
                    "missing_required_parameter",
                    "invalid_type",
                    "invalid_value",
                    "unsupported_parameter",
                    "unsupported_value"
                );
            }
            else
            {
                Add(StatusCodes.Status400BadRequest, "wrong_type");
            }

            if (route.Bodies.Any(body => !body.IsTolerant))
            {
                Add(StatusCodes.Status400BadRequest, "unknown_member");
            }

            Add(StatusCodes.Status413PayloadTooLarge, "body_too_large");
            Add(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type");
        }

        foreach (var refusal in route.All<RefusalMetadata>())
        {
            Add(refusal.Status, [.. refusal.Codes]);
        }

        Add(StatusCodes.Status401Unauthorized, "invalid_token");
        if (!HttpMethods.IsGet(route.Method) && !route.IsHead)
        {
            Add(StatusCodes.Status403Forbidden, "cross_site");
        }

        if (route.Find<RateBucketMetadata>()?.Bucket != RateBucket.Open)
        {
            Add(StatusCodes.Status503ServiceUnavailable, "overloaded", "storage_unavailable");
        }

        return refusals;
    }

    private OpenApiResponse Refusal(Route route, int status, List<string> codes)
    {
        if (route.IsOpenAI && OpenAIErrors.OfStatus(status).Code is { } code)
        {
            codes = [code];
        }

        var response = new OpenApiResponse
        {
            Description = $"{ReasonPhrases.GetReasonPhrase(status)}: {string.Join(", ", codes.Select(code => $"`{code}`"))}.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [route.IsOpenAI ? "application/json" : "application/problem+json"] = new OpenApiMediaType
                {
                    Schema = _schemas!.Of(
                        route.IsOpenAI ? typeof(ErrorEnvelope) : typeof(ProblemDetails),
                        new SchemaUse(ApiJson.Options, IsRequest: false, IsTolerant: true)
                    ),
                    Example = ExampleOf(route, status, codes[0]),
                },
            },
        };
        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            AddHeader(response, "Retry-After");
        }
        // The model may refuse when the answer has begun: there is a generation then.
        if (
            route.StartsAnswer
            && (
                status >= StatusCodes.Status429TooManyRequests
                || (route.IsOpenAI && status is StatusCodes.Status400BadRequest or StatusCodes.Status404NotFound)
            )
        )
        {
            foreach (var header in OperationExtensions.AnswerHeaders)
            {
                AddHeader(response, header);
            }
        }

        if (status is StatusCodes.Status401Unauthorized)
        {
            AddHeader(response, "WWW-Authenticate");
        }

        return response;
    }

    private static JsonObject ExampleOf(Route route, int status, string code) =>
        route.IsOpenAI
            ? new JsonObject
            {
                ["error"] = new JsonObject
                {
                    ["message"] = "A sentence for a person.",
                    ["type"] = OpenAIErrors.OfStatus(status).Type,
                    ["param"] = null,
                    ["code"] = code,
                },
            }
            : new JsonObject
            {
                ["type"] = $"urn:parley:error:{code}",
                ["title"] = ReasonPhrases.GetReasonPhrase(status),
                ["status"] = status,
                ["detail"] = "A sentence for a person.",
                ["code"] = code,
                ["traceId"] = "0af7651916cd43dd8448eb211c80319c",
            };

    private static void AddHeader(OpenApiResponse response, string name)
    {
        response.Headers ??= new Dictionary<string, IOpenApiHeader>();
        response.Headers[name] = new OpenApiHeader
        {
            Description = ResponseHeaders.Describe(name),
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        };
    }

    private static List<OpenApiSecurityRequirement>? Security(Route route, OpenApiDocument document)
    {
        if (route.Find<RateBucketMetadata>()?.Bucket == RateBucket.Open)
        {
            return [];
        }

        if (!route.Has<QueryCredentials>())
        {
            return null;
        }

        return
        [
            .. new[]
            {
                DocumentTransformer.Cookie,
                DocumentTransformer.Bearer,
                DocumentTransformer.AccessToken,
                DocumentTransformer.Ticket,
            }.Select(name => DocumentTransformer.Requirement(document, name)),
        ];
    }

    private static string Key(int status) => status.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private sealed record Route(string Method, string Path, IList<object> Metadata)
    {
        public IEnumerable<RequestBodyMetadata> Bodies => All<RequestBodyMetadata>().Where(body => body.Type is not null);

        public bool HasBody => Bodies.Any();

        public bool IsHead => HttpMethods.IsHead(Method);

        public bool StartsAnswer => All<ParameterMetadata>().Contains(Parameters.IdempotencyKey);

        public bool IsOpenAI => Path.StartsWith("/v1/", StringComparison.Ordinal);

        public IEnumerable<T> All<T>() => Metadata.OfType<T>();

        public T? Find<T>() => All<T>().LastOrDefault();

        public bool Has<T>() => All<T>().Any();
    }
}

/// <summary>The body of a refusal (RFC 9457).</summary>
/// <param name="Type"><c>urn:parley:error:</c> and the code.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The status.</param>
/// <param name="Detail">A sentence for a person.</param>
/// <param name="Code">Stable, for programs.</param>
/// <param name="TraceId">Under which the server has logged it.</param>
/// <param name="Errors">The fields at fault.</param>
/// <param name="ConversationId">Where an answer had begun before it failed.</param>
/// <param name="GenerationId">The answer that failed.</param>
/// <param name="MessageId">Its message.</param>
public sealed record ProblemDetails(
    string Type,
    string Title,
    int Status,
    string Detail,
    string Code,
    string TraceId,
    IReadOnlyDictionary<string, IReadOnlyList<string>>? Errors,
    string? ConversationId,
    string? GenerationId,
    string? MessageId
);

/// <summary>The body of a refusal on <c>/v1</c>.</summary>
public sealed record ErrorEnvelope(EnvelopedError Error);

/// <summary>What was wrong, in OpenAI's words.</summary>
public sealed record EnvelopedError(
    string Message,
    string Type,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.Never)]
        string? Param,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.Never)] string? Code
);
