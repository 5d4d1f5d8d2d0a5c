using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Compatibility.ChatSessions;

/// <summary>Chat by sessions: start a turn, stream its answer, read the history. Each route under <c>/chat</c> and under <c>/api/chat</c>.</summary>
public static class ChatSessionEndpoints
{
    public static void MapChatSessions(this IEndpointRouteBuilder routes)
    {
        foreach (var (prefix, under) in new[] { ("/chat", ""), ("/api/chat", "UnderApi") })
        {
            var sessions = routes.MapGroup(prefix).WithTags("Chat sessions");
            sessions
                .MapPost("/start", StartChat.Handle)
                .CountedAs(RateBucket.Chat)
                .Takes<StartChat.Request>()
                .Operation(
                    $"startChatSession{under}",
                    "Stores a turn, and names the session whose stream answers it.",
                    "The session can be begun for ten minutes. One that has begun outlives that."
                )
                .Example("a new chat", """{"modelId":"auto","prompt":"Hello"}""")
                .Answers<StartChat.Started>(201)
                .Refuses(400, "text_required", "invalid_id", "too_long", "model_not_found")
                .Refuses(409, "answer_running", "conversation_changed")
                .Refuses(413, "message_too_long");
            sessions
                .MapGet("/stream", StreamChat.Handle)
                .CountedAs(RateBucket.Follow)
                .WithMetadata(new QueryCredentials(static http => Tickets.ForSession(http.Request.Query["sessionId"])))
                .Operation(
                    $"streamChatSession{under}",
                    "Begins the session's answer, or goes on with it where the reader was.",
                    "Events of the types `typing`, `token`, `done` and `error`. A session that is missing or has expired is an `error` event too: an `EventSource` can read nothing else."
                )
                .Reads(
                    Parameters.SessionId,
                    Parameters.Lenient(Parameters.LastEventId),
                    Parameters.Lenient(Parameters.After),
                    Parameters.Lenient(Parameters.LastEventIdInQuery)
                )
                .FollowsAnswer("The answer, from the reader's position on.", Media.Events)
                .Sends(EventSchemas.Token)
                .AnswersNothing(204, "The reader has everything.")
                .Refuses(400, "required", "duplicate_parameter");
            sessions
                .MapGet("/history", GetChatHistory.Handle)
                .CountedAs(RateBucket.Read)
                .Operation($"getChatHistory{under}", "What was said in a chat, oldest first.")
                .Reads(Parameters.ChatId, Parameters.Limit(1000, 1000))
                .Answers<GetChatHistory.History>()
                .Refuses(400, "required", "unknown_parameter", "duplicate_parameter", "out_of_range")
                .Refuses(404, "not_found");
            sessions
                .MapPost("/ticket", CreateTicket.Handle)
                .CountedAs(RateBucket.Follow)
                .Takes<CreateTicket.Request>()
                .Operation(
                    $"createChatTicket{under}",
                    "A credential for one session's stream that may stand in a URL. Good for a minute, for as many connections as it takes."
                )
                .Answers<CreateTicket.Created>()
                .Refuses(404, "not_found");
        }
    }
}
