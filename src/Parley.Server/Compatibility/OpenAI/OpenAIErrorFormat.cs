using System.Buffers;
using System.Text.Json.Nodes;
using Parley.Server.Compatibility.OpenAI.Schemas;
using Parley.Server.Http.Errors;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>Errors of the OpenAI API: its envelope, its statuses, and its codes where it defines them.</summary>
public sealed class OpenAIErrorFormat : ErrorFormat
{
    public override string ContentType => "application/json";

    public override Type BodyType => typeof(ErrorEnvelope);

    public override IReadOnlyList<string> InvalidMemberCodes =>
        [
            OpenAIErrorCodes.MissingRequiredParameter,
            OpenAIErrorCodes.InvalidType,
            OpenAIErrorCodes.InvalidValue,
            OpenAIErrorCodes.UnsupportedParameter,
            OpenAIErrorCodes.UnsupportedValue,
        ];

    public override Task WriteAsync(HttpContext http, Problem problem)
    {
        var response = http.Response;
        var error = ErrorOf(problem);
        response.StatusCode = error.Status;
        if (problem.ShouldRetry is { } retry)
        {
            response.Headers["x-should-retry"] = retry ? "true" : "false";
        }

        if (error.Status == StatusCodes.Status429TooManyRequests && problem.RetryAfter is { } wait)
        {
            response.Headers["x-ratelimit-remaining-requests"] = "0";
            response.Headers["x-ratelimit-reset-requests"] = $"{wait}s";
        }

        var output = new ArrayBufferWriter<byte>(256);
        OpenAIErrors.Write(problem.Detail, error.Type, problem.Field, error.Code ?? problem.Code, output);
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = output.WrittenCount;
        return response.Body.WriteAsync(output.WrittenMemory, http.RequestAborted).AsTask();
    }

    public override JsonObject Example(int status, string code) =>
        new()
        {
            ["error"] = new JsonObject
            {
                ["message"] = "A sentence for a person.",
                ["type"] = OpenAIErrors.OfStatus(status).Type,
                ["param"] = null,
                ["code"] = code,
            },
        };

    public override IReadOnlyList<string> CodesOf(int status, IReadOnlyList<string> codes) =>
        OpenAIErrors.OfStatus(status).Code is { } code ? [code] : codes;

    private static OpenAIError ErrorOf(Problem problem) =>
        problem.Code switch
        {
            ErrorCodes.ModelNotFound => OpenAIErrors.OfStatus(StatusCodes.Status404NotFound) with
            {
                Type = "invalid_request_error",
                Code = problem.Code,
            },
            _ when ErrorCodes.IsOfGeneration(problem.Code) => OpenAIErrors.OfGeneration(problem.Code),
            _ => OpenAIErrors.OfStatus(problem.Status),
        };
}
