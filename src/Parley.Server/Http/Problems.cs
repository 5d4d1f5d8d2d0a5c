using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace Parley.Server.Http;

/// <summary>Errors as <c>application/problem+json</c>: a stable code for programs, and a sentence that a person can act on.</summary>
public static class Problems
{
    public static ProblemHttpResult Of(int status, string code, string detail, string? field = null)
    {
        var problem = new ProblemDetails
        {
            Type = $"urn:parley:error:{code}",
            Title = ReasonPhrases.GetReasonPhrase(status),
            Status = status,
            Detail = detail,
        };
        problem.Extensions["code"] = code;
        problem.Extensions["traceId"] = Activity.Current?.TraceId.ToString() ?? ActivityTraceId.CreateRandom().ToString();
        if (field is not null) problem.Extensions["errors"] = new Dictionary<string, string[]> { [field] = [detail] };
        return TypedResults.Problem(problem);
    }

    /// <summary>Missing, or somebody else's: the same answer for both.</summary>
    public static ProblemHttpResult NotFound(string what) => Of(StatusCodes.Status404NotFound, "not_found", $"There is no such {what}.");

    public static ProblemHttpResult Invalid(string field, string code, string detail) => Of(StatusCodes.Status400BadRequest, code, detail, field);

    /// <summary>Writes a problem without a result object, from middleware.</summary>
    public static Task WriteAsync(HttpContext http, int status, string code, string detail) => Of(status, code, detail).ExecuteAsync(http);
}
