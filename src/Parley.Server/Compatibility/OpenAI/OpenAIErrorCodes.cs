namespace Parley.Server.Compatibility.OpenAI;

/// <summary>The error codes of the OpenAI API that Parley's own API does not have, in OpenAI's spelling.</summary>
public static class OpenAIErrorCodes
{
    // Requests.
    public const string ArrayAboveMaxLength = "array_above_max_length";
    public const string DecimalAboveMaxValue = "decimal_above_max_value";
    public const string DecimalBelowMinValue = "decimal_below_min_value";
    public const string EmptyArray = "empty_array";
    public const string IntegerAboveMaxValue = "integer_above_max_value";
    public const string IntegerBelowMinValue = "integer_below_min_value";
    public const string InvalidRequest = "invalid_request";
    public const string InvalidType = "invalid_type";
    public const string InvalidValue = "invalid_value";
    public const string ItemNotFound = "item_not_found";
    public const string MissingRequiredParameter = "missing_required_parameter";
    public const string ObjectAboveMaxProperties = "object_above_max_properties";
    public const string PreviousResponseNotCompleted = "previous_response_not_completed";
    public const string PreviousResponseNotFound = "previous_response_not_found";
    public const string StringAboveMaxLength = "string_above_max_length";
    public const string UnsupportedParameter = "unsupported_parameter";
    public const string UnsupportedValue = "unsupported_value";

    // By status, or by the reason why a generation failed.
    public const string ContextLengthExceeded = "context_length_exceeded";
    public const string InsufficientQuota = "insufficient_quota";
    public const string InvalidApiKey = "invalid_api_key";
    public const string RateLimitExceeded = "rate_limit_exceeded";
    public const string ServerError = "server_error";
    public const string ServerIsOverloaded = "server_is_overloaded";
}
