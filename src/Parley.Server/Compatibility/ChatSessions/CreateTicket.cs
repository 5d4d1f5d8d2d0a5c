using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Parley.Server.Data.Model;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.ChatSessions;

/// <summary><c>POST /chat/ticket</c>: a short-lived credential for one session's stream, for an <c>EventSource</c> that has no cookie here and can set no header.</summary>
public static class CreateTicket
{
    public sealed record Request([property: Required] string? SessionId);

    public sealed record Created(string Ticket, [property: Description("Seconds.")] int ExpiresIn);

    public static async Task<IResult> Handle(HttpContext http, DeferredTurns sessions, Tickets tickets)
    {
        if ((await StrictJson.ReadAsync<Request>(http)).IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (
            CurrentUser.Of(http.User) is not { } user
            || sessions.Find(user, request.SessionId, ChatSessionKind.Session) is not { } session
            || !sessions.IsAlive(session)
        )
        {
            return Problems.NotFound("chat session");
        }

        return ApiJson.Ok(new Created(tickets.Create(user, Tickets.ForSession(session.Id)), (int)Tickets.Lifetime.TotalSeconds));
    }
}
