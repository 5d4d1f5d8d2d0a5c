using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using Parley.Server.Http.Json;

namespace Parley.Server.Http.Errors;

/// <summary>Errors as <c>application/problem+json</c> (RFC 9457).</summary>
public sealed class ProblemDetailsFormat : ErrorFormat
{
    private ProblemDetailsFormat() { }

    public static ProblemDetailsFormat Instance { get; } = new();

    public override string ContentType => "application/problem+json";

    public override Type BodyType => typeof(ProblemDetails);

    public override Task WriteAsync(HttpContext http, Problem problem)
    {
        http.Response.StatusCode = problem.Status;
        return http.Response.WriteAsJsonAsync(
            ProblemDetails.Of(problem, TraceId.Current()),
            ApiJson.Options,
            ContentType,
            http.RequestAborted
        );
    }

    public override JsonObject Example(int status, string code) =>
        JsonSerializer
            .SerializeToNode(
                ProblemDetails.Of(new Problem(status, code, "A sentence for a person."), "0af7651916cd43dd8448eb211c80319c"),
                ApiJson.Options
            )!
            .AsObject();
}

/// <summary>The body of an error (RFC 9457).</summary>
/// <param name="Type"><c>urn:parley:error:</c> and the code.</param>
/// <param name="Title">The status in words.</param>
/// <param name="Status">The status.</param>
/// <param name="Detail">A sentence for a person.</param>
/// <param name="Code">Stable, for programs.</param>
/// <param name="TraceId">The trace id of the request, as in the server's log.</param>
/// <param name="ConversationId">The conversation of a generation that failed.</param>
/// <param name="GenerationId">The generation that failed.</param>
/// <param name="MessageId">The message of a generation that failed.</param>
/// <param name="Errors">The sentence by the member, parameter or header at fault.</param>
public sealed record ProblemDetails(
    string Type,
    string Title,
    int Status,
    string Detail,
    string Code,
    string TraceId,
    string? ConversationId,
    string? GenerationId,
    string? MessageId,
    IReadOnlyDictionary<string, IReadOnlyList<string>>? Errors
)
{
    internal static ProblemDetails Of(Problem problem, string traceId) =>
        new(
            $"urn:parley:error:{problem.Code}",
            ReasonPhrases.GetReasonPhrase(problem.Status),
            problem.Status,
            problem.Detail,
            problem.Code,
            traceId,
            problem.Generation?.ConversationId,
            problem.Generation?.GenerationId,
            problem.Generation?.MessageId,
            problem.Field is { } field ? new Dictionary<string, IReadOnlyList<string>> { [field] = [problem.Detail] } : null
        );
}
