using Parley.Server.Http;
using Parley.Server.Identity;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.ChatSessions;

/// <summary>Chat by sessions: start a turn, stream its answer, read the history. Each route under <c>/chat</c> and under <c>/api/chat</c>.</summary>
public static class ChatSessionEndpoints
{
    public static void MapChatSessions(this IEndpointRouteBuilder routes)
    {
        foreach (var prefix in new[] { "/chat", "/api/chat" })
        {
            var sessions = routes.MapGroup(prefix).WithTags("Chat sessions");
            sessions.MapPost("/start", StartChat.Handle).CountedAs(RateBucket.Chat).Takes<StartChat.Request>();
            sessions.MapGet("/stream", StreamChat.Handle).CountedAs(RateBucket.Follow)
                .WithMetadata(new QueryCredentials(static http => Tickets.ForSession(http.Request.Query["sessionId"])));
            sessions.MapGet("/history", GetChatHistory.Handle).CountedAs(RateBucket.Read);
            sessions.MapPost("/ticket", CreateTicket.Handle).CountedAs(RateBucket.Follow).Takes<CreateTicket.Request>();
        }
    }
}
