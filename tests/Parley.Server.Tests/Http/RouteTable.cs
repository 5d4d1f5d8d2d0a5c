namespace Parley.Server.Tests.Http;

/// <summary>What the id in a route names.</summary>
internal enum IdOf
{
    None,

    /// <summary>By its id, or by the client's name for it.</summary>
    Conversation,
    Message,
    Generation,
    Session,

    /// <summary>A chat whose answer is a text stream.</summary>
    StreamChat,
    TextStream,

    /// <summary>An answer that was asked for as a Response.</summary>
    Response,

    /// <summary>Nobody's.</summary>
    Model,
}

/// <summary>How a route answers an id that names nothing. What is somebody else's is always answered the same.</summary>
internal enum WhenMissing
{
    /// <summary>404, as a problem.</summary>
    NotFound,

    /// <summary>404 alone, to a method that has no body.</summary>
    BareNotFound,

    /// <summary>204: there is nothing to resume.</summary>
    NoContent,

    /// <summary>200 without a body, which says the same to clients that take 204 for a failure.</summary>
    EmptyBody,

    /// <summary>200, and an event that says so: an <c>EventSource</c> can read nothing else.</summary>
    ErrorEvent,
}

/// <summary>One route of the app.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Pattern">Its path.</param>
/// <param name="Seeds">The requirements of the seeds that name it; empty for a route of our own.</param>
/// <param name="Id">What its id names.</param>
/// <param name="Query">The query parameter that the id is in; null when it is in the path.</param>
/// <param name="Missing">The answer to an id that names nothing.</param>
internal sealed record RouteLine(
    string Method,
    string Pattern,
    string Seeds = "",
    IdOf Id = IdOf.None,
    string? Query = null,
    WhenMissing Missing = WhenMissing.NotFound
)
{
    public override string ToString() => $"{Method} {Pattern}";
}

/// <summary>
/// All routes of the app, one line each: a route that is not here fails the inventory, and the suites that go over all routes take from here what cannot be found in the app itself. A route whose id may be in
/// two places has two lines.
/// </summary>
internal static class RouteTable
{
    public static IReadOnlyList<RouteLine> Lines { get; } =
    [
        new("GET", "/health/live"),
        new("GET", "/health/ready"),
        new("GET", "/openapi/v1.json"),
        new("GET", "/api/v1/me"),
        new("GET", "/api/v1/models"),
        new("GET", "/api/v1/feed"),
        new("GET", "/api/v1/conversations"),
        new("POST", "/api/v1/conversations"),
        new("GET", "/api/v1/conversations/{id}", "", IdOf.Conversation),
        new("PATCH", "/api/v1/conversations/{id}", "", IdOf.Conversation),
        new("DELETE", "/api/v1/conversations/{id}", "", IdOf.Conversation),
        new("GET", "/api/v1/conversations/{id}/messages", "", IdOf.Conversation),
        new("POST", "/api/v1/conversations/{id}/messages", "", IdOf.Conversation),
        new("GET", "/api/v1/messages/{id}", "", IdOf.Message),
        new("GET", "/api/v1/generations/{id}", "", IdOf.Generation),
        new("GET", "/api/v1/generations/{id}/events", "", IdOf.Generation),
        new("POST", "/api/v1/generations/{id}/stop", "", IdOf.Generation),
        new("POST", "/api/v1/generations/{id}/retry", "", IdOf.Generation),
        new("POST", "/api/v1/generations/{id}/continue", "", IdOf.Generation),
        new("POST", "/api/v1/generations/{id}/ticket", "", IdOf.Generation),
        // Durable Streams.
        new("GET", "/api/v1/generations/{id}/stream", "", IdOf.Generation),
        new("HEAD", "/api/v1/generations/{id}/stream", "", IdOf.Generation, null, WhenMissing.BareNotFound),
        new("GET", "/api/v1/generations/{id}/stream/text", "", IdOf.Generation),
        new("HEAD", "/api/v1/generations/{id}/stream/text", "", IdOf.Generation, null, WhenMissing.BareNotFound),
        // The OpenAI API.
        new("GET", "/v1/models"),
        new("GET", "/v1/models/{**id}", "", IdOf.Model),
        new("POST", "/v1/chat/completions"),
        new("POST", "/v1/responses"),
        new("GET", "/v1/responses/{id}", "", IdOf.Response),
        new("DELETE", "/v1/responses/{id}", "", IdOf.Response),
        new("POST", "/v1/responses/{id}/cancel", "", IdOf.Response),
        // The AI SDK, and seeds 000 and 004.
        new("POST", "/api/chat", "S0.2 S4.19"),
        new("POST", "/api/chat/text", "S0.2"),
        new("GET", "/api/chat", "", IdOf.Conversation, "chatId", WhenMissing.EmptyBody),
        new("GET", "/api/chat/{id}/stream", "", IdOf.Conversation, null, WhenMissing.NoContent),
        new("POST", "/api/chat/{id}/stop", "", IdOf.Conversation),
        // Seed 001, under both prefixes (S1.25, C31).
        new("POST", "/chat/start", "S1.21"),
        new("GET", "/chat/stream", "S1.22", IdOf.Session, "sessionId", WhenMissing.ErrorEvent),
        new("GET", "/chat/history", "S1.23", IdOf.Conversation, "chatId"),
        new("POST", "/chat/ticket", "C14"),
        new("POST", "/api/chat/start", "S1.21 S1.25"),
        new("GET", "/api/chat/stream", "S1.22 S1.25", IdOf.Session, "sessionId", WhenMissing.ErrorEvent),
        new("GET", "/api/chat/history", "S1.23 S1.25", IdOf.Conversation, "chatId"),
        new("POST", "/api/chat/ticket", "C14"),
        // Seed 000.
        new("GET", "/api/chat/conversations", "S0.41"),
        new("POST", "/api/chat/conversations", "S0.42"),
        new("DELETE", "/api/chat/conversations", "S0.43", IdOf.Conversation, "id"),
        new("GET", "/api/chat/conversations/{id}/messages", "S0.48", IdOf.Conversation),
        new("POST", "/api/chat/conversations/{id}/messages", "S0.49", IdOf.Conversation),
        // Seed 002, and what its clients speak.
        new("POST", "/chat-stream", "S2.19"),
        new("POST", "/chat-stream/create", "S2.18"),
        new("GET", "/chat-stream/body", "S2.21", IdOf.TextStream, "streamId"),
        new("GET", "/chat-stream/chats", "S2.23"),
        new("GET", "/chat-stream/chats/{id}", "S2.22", IdOf.StreamChat),
        new("POST", "/chat-stream/chats/{id}/status", "S2.24", IdOf.StreamChat),
        new("DELETE", "/chat-stream/chats/{id}", "S2.25", IdOf.StreamChat),
        new("POST", "/api/query"),
        new("POST", "/api/mutation"),
        new("POST", "/api/action"),
        new("GET", "/api/{version}/sync"),
        new("CONNECT", "/api/{version}/sync"), // the same handshake over HTTP/2
        // Seed 003.
        new("POST", "/api/v1/chat", "S3.16"),
        new("GET", "/api/v1/chat", "S3.31"),
        new("GET", "/api/v1/chat", "", IdOf.Conversation, "chatId", WhenMissing.EmptyBody),
        new("GET", "/api/v1/chat/{id}", "S3.27", IdOf.Conversation),
        new("DELETE", "/api/v1/chat/{id}", "S3.36", IdOf.Conversation),
        new("POST", "/api/v1/chat/{id}/archive", "S3.39", IdOf.Conversation),
        new("GET", "/api/v1/chat/{id}/stream", "", IdOf.Conversation, null, WhenMissing.NoContent),
        new("POST", "/api/v1/chat/{id}/stop", "", IdOf.Conversation),
    ];
}
