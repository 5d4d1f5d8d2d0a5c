using System.ComponentModel;
using Parley.Server.Data.Sql;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Features.Generations;

/// <summary>
/// <c>POST /api/v1/generations/{id}/ticket</c>: issues a short-lived credential for following one generation, for clients that cannot set a
/// header.
/// </summary>
public static class CreateGenerationTicket
{
    public sealed record Created(string Ticket, [property: Description("In seconds.")] int ExpiresIn);

    public static async Task<IResult> Handle(string id, HttpContext http, ChatQueries chats, Tickets tickets)
    {
        var user = CurrentUser.Of(http.User);
        return await chats.GenerationAsync(user?.Owner, id, http.RequestAborted) is { } found
            ? ApiJson.Ok(
                new Created(tickets.Create(user!, Tickets.ForGeneration(found.Info.GenerationId)), (int)Tickets.Lifetime.TotalSeconds)
            )
            : Problems.NotFound("generation");
    }
}
