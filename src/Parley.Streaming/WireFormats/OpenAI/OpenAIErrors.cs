using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>An error in OpenAI's terms.</summary>
/// <param name="Status">The HTTP status, for a response that has not started.</param>
/// <param name="Type">The type, from which clients choose their exceptions.</param>
/// <param name="Code">The code; null where OpenAI has none.</param>
public readonly record struct OpenAIError(int Status, string Type, string? Code);

/// <summary>
/// Errors in OpenAI's terms. When a provider refuses Parley's own key or account, that is an error of the server, not of the client.
/// </summary>
public static class OpenAIErrors
{
    /// <summary>The error of a generation that failed or was interrupted.</summary>
    /// <param name="code">One of <see cref="FailureCodes"/>.</param>
    public static OpenAIError OfGeneration(string code) =>
        code switch
        {
            FailureCodes.ProviderRateLimited => OfStatus(429),
            FailureCodes.ProviderOutOfCredit => new OpenAIError(429, "insufficient_quota", "insufficient_quota"),
            FailureCodes.ProviderContextTooLong => new OpenAIError(400, InvalidRequest, "context_length_exceeded"),
            FailureCodes.ProviderRefused => new OpenAIError(400, InvalidRequest, code),
            FailureCodes.ProviderBlocked => new OpenAIError(400, InvalidRequest, "content_filter"),
            FailureCodes.ProviderModelNotFound => OfStatus(404) with { Code = "model_not_found" },
            FailureCodes.ProviderUnavailable or FailureCodes.ProviderUnreachable or FailureCodes.ProviderConnectTimedOut => OfStatus(503),
            _ => new OpenAIError(500, ServerError, code),
        };

    /// <summary>The error of a request that gets this HTTP status.</summary>
    public static OpenAIError OfStatus(int status) =>
        status switch
        {
            401 => new OpenAIError(status, InvalidRequest, "invalid_api_key"),
            403 => new OpenAIError(status, "permission_error", null),
            404 => new OpenAIError(status, "not_found", null),
            402 => new OpenAIError(status, "insufficient_quota", "insufficient_quota"),
            429 => new OpenAIError(status, "rate_limit_error", "rate_limit_exceeded"),
            503 => new OpenAIError(status, "service_unavailable_error", "server_is_overloaded"),
            >= 500 => new OpenAIError(status, ServerError, null),
            _ => new OpenAIError(status, InvalidRequest, null),
        };

    /// <summary>The code of a failed Response. OpenAI has a closed list of them.</summary>
    public static string ResponseCode(string code) =>
        code switch
        {
            FailureCodes.ProviderRateLimited => "rate_limit_exceeded",
            FailureCodes.ProviderContextTooLong or FailureCodes.ProviderRefused or FailureCodes.ProviderBlocked => "invalid_prompt",
            _ => ServerError,
        };

    /// <summary>Writes the envelope, <c>{"error":{…}}</c>: the body of an error response, and the frame that ends a stream.</summary>
    public static void Write(string message, string type, string? param, string? code, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, JsonText.Options);
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, message);
        json.WriteString("type"u8, type);
        json.WriteString("param"u8, param);
        json.WriteString("code"u8, code);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Writes the envelope of a generation's error.</summary>
    public static void Write(GenerationError error, IBufferWriter<byte> output)
    {
        var (_, type, code) = OfGeneration(error.Code);
        Write(error.Message, type, null, code, output);
    }

    internal const string InvalidRequest = "invalid_request_error";

    private const string ServerError = "server_error";
}
