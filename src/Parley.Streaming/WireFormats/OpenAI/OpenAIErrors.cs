using System.Buffers;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.WireFormats.OpenAI;

/// <summary>An error in OpenAI's words.</summary>
/// <param name="Status">The HTTP status, where it can still be sent.</param>
/// <param name="Type">The kind, which clients make their exceptions of.</param>
/// <param name="Code">For programs; null where OpenAI has none.</param>
public readonly record struct OpenAIError(int Status, string Type, string? Code);

/// <summary>What failed, in OpenAI's words. A provider's refusal of Parley's own key or account is not the client's: that is a fault of the server.</summary>
public static class OpenAIErrors
{
    /// <summary>Of a generation that failed or was interrupted, by its error's code.</summary>
    public static OpenAIError OfGeneration(string code) =>
        code switch
        {
            "provider_rate_limited" => OfStatus(429),
            "provider_out_of_credit" => new OpenAIError(429, "insufficient_quota", "insufficient_quota"),
            "provider_context_too_long" => new OpenAIError(400, InvalidRequest, "context_length_exceeded"),
            "provider_refused" => new OpenAIError(400, InvalidRequest, code),
            "provider_model_not_found" => OfStatus(404) with { Code = "model_not_found" },
            "provider_unavailable" or "provider_unreachable" or "provider_connect_timed_out" => OfStatus(503),
            _ => new OpenAIError(500, ServerError, code),
        };

    /// <summary>Of a request that is answered with this HTTP status.</summary>
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

    /// <summary>The code of a failed Response, which has a closed list of its own.</summary>
    public static string ResponseCode(string code) =>
        code switch
        {
            "provider_rate_limited" => "rate_limit_exceeded",
            "provider_context_too_long" or "provider_refused" => "invalid_prompt",
            _ => ServerError,
        };

    /// <summary>Writes the envelope, <c>{"error":{…}}</c>: the body of a refusal, and the frame that ends a stream.</summary>
    public static void Write(string message, string type, string? param, string? code, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, JsonText.Writer);
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
