namespace Parley.Streaming.Providers;

/// <summary>How a provider failed. One value for every abnormal end, so that callers decide without reading messages.</summary>
public enum ProviderFailure
{
    /// <summary>Connection refused, unknown host name or no trusted TLS connection: nothing was sent.</summary>
    Unreachable,

    /// <summary>401 or 403: the key is missing, wrong or lacks access.</summary>
    Unauthorized,

    /// <summary>429: too many requests or tokens at the moment.</summary>
    RateLimited,

    /// <summary>402, or a 429 that names quota or credit: waiting does not help.</summary>
    OutOfCredit,

    /// <summary>404: no such model, or no such path below the base URL.</summary>
    ModelNotFound,

    /// <summary>The conversation does not fit into the model's context window.</summary>
    ContextTooLong,

    /// <summary>Any other 4xx: the provider does not accept this request.</summary>
    Refused,

    /// <summary>The provider's content filter blocked the conversation before an answer began.</summary>
    Blocked,

    /// <summary>5xx, 408, 498, 499, 529: the provider is down or overloaded.</summary>
    Unavailable,

    /// <summary>No connection within the connect timeout.</summary>
    ConnectTimedOut,

    /// <summary>Connected, but no token within the first-token timeout.</summary>
    FirstTokenTimedOut,

    /// <summary>The answer began, and then nothing arrived within the idle timeout.</summary>
    Stalled,

    /// <summary>The whole answer took longer than the total timeout.</summary>
    DeadlineExceeded,

    /// <summary>The connection broke.</summary>
    Reset,

    /// <summary>The stream ended cleanly, but without the protocol's end marker.</summary>
    CutShort,

    /// <summary>A frame that the protocol does not allow.</summary>
    MalformedFrame,

    /// <summary>A line, a frame or the buffered tool calls exceeded the limit.</summary>
    FrameTooLarge,

    /// <summary>The provider reported an error inside the stream.</summary>
    ReportedError,

    /// <summary>A success status with something other than an answer: a web page, a redirect, an empty body.</summary>
    UnexpectedContent,
}
