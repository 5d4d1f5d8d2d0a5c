using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Compatibility.ChatSessions;

/// <summary>
/// Chat in sessions: store a message, stream its answer, read the history. Each route exists under <c>/chat</c> and under <c>/api/chat</c>.
/// </summary>
public static class ChatSessionEndpoints
{
    private static readonly ParameterMetadata SessionId = Parameters.Query(
        "sessionId",
        "The `sessionId` that `POST /chat/start` returned.",
        Parameters.Uuid,
        true
    );

    public static void MapChatSessions(this IEndpointRouteBuilder routes)
    {
        foreach (var (prefix, suffix) in new[] { ("/chat", ""), ("/api/chat", "UnderApi") })
        {
            var sessions = routes.MapGroup(prefix).WithTag("Chat sessions", "Store a message, stream its answer, read the history.");
            sessions
                .MapPost("/start", StartChat.Handle)
                .WithName($"startChatSession{suffix}")
                .WithSummary("Stores a message, and returns the session whose stream answers it.")
                .WithDescription("The generation can be started for ten minutes. A session whose generation was started is kept longer.")
                .WithRateLimitPolicy(RateLimitPolicies.Chat)
                .AcceptsJson<StartChat.Request>()
                .WithExample("a new chat", """{"modelId":"auto","prompt":"Hello"}""")
                .Produces<StartChat.Started>(201)
                .ProducesError(400, ErrorCodes.TextRequired, ErrorCodes.InvalidId, ErrorCodes.TooLong, ErrorCodes.ModelNotFound)
                .ProducesError(409, ErrorCodes.AnswerRunning, ErrorCodes.ConversationChanged)
                .ProducesError(413, ErrorCodes.MessageTooLong);
            sessions
                .MapGet("/stream", StreamChat.Handle)
                .WithName($"streamChatSession{suffix}")
                .WithSummary("Starts the session's generation, or follows it from the client's position.")
                .WithDescription(
                    "Events of the types `typing`, `token`, `done` and `error`. A missing or expired session is an `error` event as well, since an `EventSource` cannot read an error response."
                )
                .WithRateLimitPolicy(RateLimitPolicies.Follow)
                .WithMetadata(new QueryCredentials(static http => Tickets.ForSession(http.Request.Query["sessionId"])))
                .WithParameters(
                    SessionId,
                    GenerationDescriptions.Lenient(GenerationDescriptions.LastEventId),
                    GenerationDescriptions.Lenient(GenerationDescriptions.After),
                    GenerationDescriptions.Lenient(GenerationDescriptions.LastEventIdInQuery)
                )
                .FollowsGeneration("The events after the client's position.", Media.Events)
                .ProducesEvents(GenerationEventSchemas.Token)
                .ProducesNoBody(204, "The position is the end of a generation that has ended.")
                .ProducesError(400, ErrorCodes.Required, ErrorCodes.DuplicateParameter);
            sessions
                .MapGet("/history", GetChatHistory.Handle)
                .WithName($"getChatHistory{suffix}")
                .WithSummary("Returns the messages of a chat, oldest first.")
                .WithRateLimitPolicy(RateLimitPolicies.Read)
                .WithParameters(Parameters.ChatId, Parameters.Limit(1000, 1000))
                .Produces<GetChatHistory.History>()
                .ProducesError(400, ErrorCodes.Required, ErrorCodes.UnknownParameter, ErrorCodes.DuplicateParameter, ErrorCodes.OutOfRange)
                .ProducesError(404, ErrorCodes.NotFound);
            sessions
                .MapPost("/ticket", CreateTicket.Handle)
                .WithName($"createChatTicket{suffix}")
                .WithSummary("Issues a credential for one session's stream that may be part of a URL.")
                .WithDescription("It is valid for one minute, for any number of connections.")
                .WithRateLimitPolicy(RateLimitPolicies.Follow)
                .AcceptsJson<CreateTicket.Request>()
                .Produces<CreateTicket.Created>()
                .ProducesError(404, ErrorCodes.NotFound);
        }
    }
}
