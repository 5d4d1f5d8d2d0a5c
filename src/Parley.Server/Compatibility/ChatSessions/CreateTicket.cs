using System.ComponentModel;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;

namespace Parley.Server.Compatibility.ChatSessions;

/// <summary>
/// <c>POST /chat/ticket</c>: issues a short-lived credential for one session's stream, for an <c>EventSource</c> without a cookie, which
/// cannot set a header.
/// </summary>
public static class CreateTicket
{
    public sealed record Request([property: SchemaRequired] string? SessionId);

    public sealed record Created(string Ticket, [property: Description("In seconds.")] int ExpiresIn);

    public static async Task<IResult> Handle(HttpContext http, ChatQueries chats, Tickets tickets, TimeProvider time)
    {
        if ((await StrictJson.ReadAsync<Request>(http)).IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (
            CurrentUser.Of(http.User) is not { } user
            || await FindAsync(chats, user, request.SessionId, http.RequestAborted) is not { } session
            || !session.IsAlive(time.GetUtcNow())
        )
        {
            return Problems.NotFound("chat session");
        }

        return ApiJson.Ok(new Created(tickets.Create(user, Tickets.ForSession(session.Id)), (int)Tickets.Lifetime.TotalSeconds));
    }

    private static async ValueTask<ChatSession?> FindAsync(
        ChatQueries chats,
        CurrentUser user,
        string? id,
        CancellationToken cancellationToken
    )
    {
        await using var reads = await chats.OpenAsync(user.Owner, cancellationToken);
        return await reads.SessionAsync(id, ChatSessionKind.Session);
    }
}
