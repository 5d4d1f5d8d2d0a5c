using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Parley.Server.Http;

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
        response.StatusCode = isOpenAI && Code == "model_not_found" ? StatusCodes.Status404NotFound : Status;
        if (RetryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (isOpenAI) return WriteEnvelopeAsync(httpContext);

        Dictionary<string, object?> problem = new()
        {
            ["type"] = $"urn:parley:error:{Code}",
            ["title"] = ReasonPhrases.GetReasonPhrase(Status),
            ["status"] = Status,
            ["detail"] = Detail,
            ["code"] = Code,
            ["traceId"] = Activity.Current?.TraceId.ToString() ?? ActivityTraceId.CreateRandom().ToString(),
        };
        foreach (var (name, value) in Extensions) problem[name] = value;
        if (Field is not null) problem["errors"] = new Dictionary<string, string[]> { [Field] = [Detail] };
        return response.WriteAsJsonAsync(problem, ApiJson.Options, "application/problem+json", httpContext.RequestAborted);
    }

    private Task WriteEnvelopeAsync(HttpContext http)
    {
        if (ShouldRetry is { } retry) http.Response.Headers["x-should-retry"] = retry ? "true" : "false";
        var (type, code) = OpenAIErrorNames.Of(Status, Code);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("message", Detail);
            json.WriteString("type", type);
            json.WriteString("param", Field);
            json.WriteString("code", code);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = buffer.Length;
        return http.Response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), http.RequestAborted).AsTask();
    }
}

/// <summary>What clients of the OpenAI API call our errors.</summary>
internal static class OpenAIErrorNames
{
    public static (string Type, string Code) Of(int status, string code) => (status, code) switch
    {
        (_, "provider_out_of_credit") => ("insufficient_quota", "insufficient_quota"),
        (429, _) => ("rate_limit_error", "rate_limit_exceeded"),
        (401, _) => ("authentication_error", "invalid_api_key"),
        (403, _) => ("permission_error", code),
        ( >= 500 and not 503, _) => ("server_error", code),
        (503, _) => ("service_unavailable_error", "server_is_overloaded"),
        _ => ("invalid_request_error", code),
    };
}
