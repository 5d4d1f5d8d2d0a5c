namespace Parley.Server.Http.Errors;

/// <summary>The codes of errors: part of the public API, listed in docs/api.md. The OpenAI API has further ones of its own.</summary>
public static class ErrorCodes
{
    // Requests that no route accepts.
    public const string BadRequest = "bad_request";
    public const string CrossSite = "cross_site";
    public const string InvalidToken = "invalid_token";
    public const string MethodNotAllowed = "method_not_allowed";
    public const string NoIdentity = "no_identity";
    public const string NotFound = "not_found";
    public const string NotYours = "not_yours";
    public const string NoWebApp = "no_web_app";
    public const string Refused = "refused";
    public const string WebSocketRequired = "websocket_required";

    // Bodies.
    public const string BodyTooLarge = "body_too_large";
    public const string DuplicateMember = "duplicate_member";
    public const string InvalidText = "invalid_text";
    public const string MalformedBody = "malformed_body";
    public const string MalformedJson = "malformed_json";
    public const string UnknownMember = "unknown_member";
    public const string UnsupportedMediaType = "unsupported_media_type";
    public const string WrongType = "wrong_type";

    // Members, parameters and headers.
    public const string DuplicateParameter = "duplicate_parameter";
    public const string InvalidCursor = "invalid_cursor";
    public const string InvalidId = "invalid_id";
    public const string InvalidIdempotencyKey = "invalid_idempotency_key";
    public const string InvalidLive = "invalid_live";
    public const string InvalidMessage = "invalid_message";
    public const string InvalidModel = "invalid_model";
    public const string InvalidOffset = "invalid_offset";
    public const string InvalidPosition = "invalid_position";
    public const string InvalidRole = "invalid_role";
    public const string InvalidStatus = "invalid_status";
    public const string NoCursor = "no_cursor";
    public const string OffsetBeyondEnd = "offset_beyond_end";
    public const string OutOfRange = "out_of_range";
    public const string PositionBeyondEnd = "position_beyond_end";
    public const string PositionInsideCharacter = "position_inside_character";
    public const string Required = "required";
    public const string TextRequired = "text_required";
    public const string TitleTooLong = "title_too_long";
    public const string TooLong = "too_long";
    public const string UnknownFormat = "unknown_format";
    public const string UnknownParameter = "unknown_parameter";

    // Starting a generation.
    public const string AgentNotFound = "agent_not_found";
    public const string AnswerComplete = "answer_complete";
    public const string AnswerRunning = "answer_running";
    public const string ConversationChanged = "conversation_changed";
    public const string ConversationRequired = "conversation_required";
    public const string FilesNotSupported = "files_not_supported";
    public const string IdempotencyKeyReused = "idempotency_key_reused";
    public const string MessageNotFound = "message_not_found";
    public const string MessageOrMessages = "message_or_messages";
    public const string MessageTooLong = "message_too_long";
    public const string ModelNotFound = "model_not_found";
    public const string NoSuchFunction = "no_such_function";
    public const string StatusFollowsAnswer = "status_follows_answer";
    public const string TooManyAnswers = "too_many_answers";
    public const string TooManyMessages = "too_many_messages";
    public const string ToolResultRequired = "tool_result_required";
    public const string ToolResultTooLong = "tool_result_too_long";
    public const string UserMessageRequired = "user_message_required";

    // The server.
    public const string InternalError = "internal_error";
    public const string NotReady = "not_ready";
    public const string Overloaded = "overloaded";
    public const string Restarting = "restarting";
    public const string StorageUnavailable = "storage_unavailable";

    // A generation that failed. The codes that begin with provider_ are those of the provider's failure.
    public const string DeadlineExceeded = "deadline_exceeded";
    public const string EmptyAnswer = "empty_answer";
    public const string Interrupted = "interrupted";
    public const string ProviderOutOfCredit = ProviderPrefix + "out_of_credit";
    public const string ProviderRateLimited = ProviderPrefix + "rate_limited";
    public const string ProviderReportedError = ProviderPrefix + "reported_error";
    public const string ProviderUnavailable = ProviderPrefix + "unavailable";

    private const string ProviderPrefix = "provider_";

    /// <summary>Whether a generation fails with this code, rather than a request.</summary>
    public static bool IsOfGeneration(string code) =>
        code is DeadlineExceeded or EmptyAnswer or InternalError or Interrupted
        || code.StartsWith(ProviderPrefix, StringComparison.Ordinal);
}
