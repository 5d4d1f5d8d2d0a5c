namespace Parley.Server.Tests.Http;

/// <summary>The kind of object that the id in a route identifies.</summary>
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

    /// <summary>A generation that was started as a Response.</summary>
    Response,

    /// <summary>Belongs to no user.</summary>
    Model,
}

/// <summary>The response of a route to an id of no object, or of another user's object.</summary>
internal enum WhenMissing
{
    /// <summary>404, as a problem.</summary>
    NotFound,

    /// <summary>404 alone, to a method that has no body.</summary>
    BareNotFound,

    /// <summary>204: there is nothing to resume.</summary>
    NoContent,

    /// <summary>200 without a body, for clients that treat 204 as a failure.</summary>
    EmptyBody,

    /// <summary>200 and an error event, because an <c>EventSource</c> cannot read the body of an error status.</summary>
    ErrorEvent,
}

/// <summary>One route of the app.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Pattern">Its path.</param>
/// <param name="Id">The kind of object that its id identifies.</param>
/// <param name="Query">The query parameter that the id is in; null when it is in the path.</param>
/// <param name="Missing">The response to an id of no object.</param>
internal sealed record RouteLine(
    string Method,
    string Pattern,
    IdOf Id = IdOf.None,
    string? Query = null,
    WhenMissing Missing = WhenMissing.NotFound
)
{
    public override string ToString() => $"{Method} {Pattern}";
}

/// <summary>
/// All routes of the app, one line each. A route that is missing here fails the inventory; the suites that cover all routes take from here
/// what the endpoints do not say. A route whose id may be in two places has two lines.
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
        new("GET", "/api/v1/conversations/{id}", IdOf.Conversation),
        new("PATCH", "/api/v1/conversations/{id}", IdOf.Conversation),
        new("DELETE", "/api/v1/conversations/{id}", IdOf.Conversation),
        new("GET", "/api/v1/conversations/{id}/messages", IdOf.Conversation),
        new("POST", "/api/v1/conversations/{id}/messages", IdOf.Conversation),
        new("GET", "/api/v1/messages/{id}", IdOf.Message),
        new("GET", "/api/v1/generations/{id}", IdOf.Generation),
        new("GET", "/api/v1/generations/{id}/events", IdOf.Generation),
        new("POST", "/api/v1/generations/{id}/stop", IdOf.Generation),
        new("POST", "/api/v1/generations/{id}/retry", IdOf.Generation),
        new("POST", "/api/v1/generations/{id}/continue", IdOf.Generation),
        new("POST", "/api/v1/generations/{id}/ticket", IdOf.Generation),
        // Durable Streams.
        new("GET", "/api/v1/generations/{id}/stream", IdOf.Generation),
        new("HEAD", "/api/v1/generations/{id}/stream", IdOf.Generation, null, WhenMissing.BareNotFound),
        new("GET", "/api/v1/generations/{id}/stream/text", IdOf.Generation),
        new("HEAD", "/api/v1/generations/{id}/stream/text", IdOf.Generation, null, WhenMissing.BareNotFound),
        // The OpenAI API.
        new("GET", "/v1/models"),
        new("GET", "/v1/models/{**id}", IdOf.Model),
        new("POST", "/v1/chat/completions"),
        new("POST", "/v1/responses"),
        new("GET", "/v1/responses/{id}", IdOf.Response),
        new("DELETE", "/v1/responses/{id}", IdOf.Response),
        new("POST", "/v1/responses/{id}/cancel", IdOf.Response),
        // Chat: messages of the AI SDK, plain messages, and a single message.
        new("POST", "/api/chat"),
        new("POST", "/api/chat/text"),
        new("GET", "/api/chat", IdOf.Conversation, "chatId", WhenMissing.EmptyBody),
        new("GET", "/api/chat/{id}/stream", IdOf.Conversation, null, WhenMissing.NoContent),
        new("POST", "/api/chat/{id}/stop", IdOf.Conversation),
        // Chat sessions, under both prefixes.
        new("POST", "/chat/start"),
        new("GET", "/chat/stream", IdOf.Session, "sessionId", WhenMissing.ErrorEvent),
        new("GET", "/chat/history", IdOf.Conversation, "chatId"),
        new("POST", "/chat/ticket"),
        new("POST", "/api/chat/start"),
        new("GET", "/api/chat/stream", IdOf.Session, "sessionId", WhenMissing.ErrorEvent),
        new("GET", "/api/chat/history", IdOf.Conversation, "chatId"),
        new("POST", "/api/chat/ticket"),
        // Conversations and messages as rows.
        new("GET", "/api/chat/conversations"),
        new("POST", "/api/chat/conversations"),
        new("DELETE", "/api/chat/conversations", IdOf.Conversation, "id"),
        new("GET", "/api/chat/conversations/{id}/messages", IdOf.Conversation),
        new("POST", "/api/chat/conversations/{id}/messages", IdOf.Conversation),
        // Text streams, and the functions and the protocol of Convex's clients.
        new("POST", "/chat-stream"),
        new("POST", "/chat-stream/create"),
        new("GET", "/chat-stream/body", IdOf.TextStream, "streamId"),
        new("GET", "/chat-stream/chats"),
        new("GET", "/chat-stream/chats/{id}", IdOf.StreamChat),
        new("POST", "/chat-stream/chats/{id}/status", IdOf.StreamChat),
        new("DELETE", "/chat-stream/chats/{id}", IdOf.StreamChat),
        new("POST", "/api/query"),
        new("POST", "/api/mutation"),
        new("POST", "/api/action"),
        new("GET", "/api/{version}/sync"),
        new("CONNECT", "/api/{version}/sync"), // the same handshake over HTTP/2
        // Chats as AI SDK 4 posts and lists them.
        new("POST", "/api/v1/chat"),
        new("GET", "/api/v1/chat"),
        new("GET", "/api/v1/chat", IdOf.Conversation, "chatId", WhenMissing.EmptyBody),
        new("GET", "/api/v1/chat/{id}", IdOf.Conversation),
        new("DELETE", "/api/v1/chat/{id}", IdOf.Conversation),
        new("POST", "/api/v1/chat/{id}/archive", IdOf.Conversation),
        new("GET", "/api/v1/chat/{id}/stream", IdOf.Conversation, null, WhenMissing.NoContent),
        new("POST", "/api/v1/chat/{id}/stop", IdOf.Conversation),
    ];
}
