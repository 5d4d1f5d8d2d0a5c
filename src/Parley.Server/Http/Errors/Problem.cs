using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.WebUtilities;
using Parley.Server.Http.Json;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Http.Errors;

/// <summary>
/// An error before the first byte of an answer: <c>application/problem+json</c> (RFC 9457), and on <c>/v1</c>, where clients know nothing else, the error envelope of the OpenAI API.
/// </summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">Stable, for programs.</param>
/// <param name="Detail">A sentence that a person can act on.</param>
/// <param name="Field">The member, parameter or header at fault.</param>
public sealed record Problem(int Status, string Code, string Detail, string? Field = null) : IResult
{
    /// <summary>Further members of the problem.</summary>
    public IReadOnlyList<(string Name, object? Value)> Extensions { get; init; } = [];

    /// <summary>Seconds after which the same request may succeed.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>What programs that retry by themselves are told; null leaves it to the status.</summary>
    public bool? ShouldRetry { get; init; }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var isOpenAI = httpContext.Request.Path.StartsWithSegments("/v1");
        var error = isOpenAI ? InOpenAIsWords() : default;
        response.StatusCode = isOpenAI ? error.Status : Status;
        if (RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (isOpenAI)
        {
            return WriteEnvelopeAsync(httpContext, error);
        }

        Dictionary<string, object?> problem = new()
        {
            ["type"] = $"urn:parley:error:{Code}",
            ["title"] = ReasonPhrases.GetReasonPhrase(Status),
            ["status"] = Status,
            ["detail"] = Detail,
            ["code"] = Code,
            ["traceId"] = Activity.Current?.TraceId.ToString() ?? ActivityTraceId.CreateRandom().ToString(),
        };
        foreach (var (name, value) in Extensions)
        {
            problem[name] = value;
        }

        if (Field is not null)
        {
            problem["errors"] = new Dictionary<string, string[]> { [Field] = [Detail] };
        }

        return response.WriteAsJsonAsync(problem, ApiJson.Options, "application/problem+json", httpContext.RequestAborted);
    }

    private Task WriteEnvelopeAsync(HttpContext http, OpenAIError error)
    {
        if (ShouldRetry is { } retry)
        {
            http.Response.Headers["x-should-retry"] = retry ? "true" : "false";
        }

        if (error.Status == StatusCodes.Status429TooManyRequests && RetryAfter is { } wait)
        {
            http.Response.Headers["x-ratelimit-remaining-requests"] = "0";
            http.Response.Headers["x-ratelimit-reset-requests"] = $"{wait}s";
        }

        var output = new ArrayBufferWriter<byte>(256);
        OpenAIErrors.Write(Detail, error.Type, Field, error.Code ?? Code, output);
        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = output.WrittenCount;
        return http.Response.Body.WriteAsync(output.WrittenMemory, http.RequestAborted).AsTask();
    }

    /// <summary>The error in OpenAI's words, with the status that its clients expect.</summary>
    private OpenAIError InOpenAIsWords() =>
        Code switch
        {
            "model_not_found" => OpenAIErrors.OfStatus(StatusCodes.Status404NotFound) with { Type = "invalid_request_error", Code = Code },
            "deadline_exceeded" or "empty_answer" or "internal_error" or "interrupted" => OpenAIErrors.OfGeneration(Code),
            _ when Code.StartsWith("provider_", StringComparison.Ordinal) => OpenAIErrors.OfGeneration(Code),
            _ => OpenAIErrors.OfStatus(Status),
        };
}
