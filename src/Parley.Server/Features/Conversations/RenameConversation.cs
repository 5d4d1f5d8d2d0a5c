using System.ComponentModel;
using Parley.Server.Data;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;

namespace Parley.Server.Features.Conversations;

/// <summary><c>PATCH /api/v1/conversations/{id}</c>: changes its title.</summary>
public static class RenameConversation
{
    public sealed record Request([property: SchemaRequired, Description("1 to 200 characters.")] string? Title);

    public static async Task<IResult> Handle(string id, HttpContext http, ChatStore store, IDatabase database, ChangeFeed feed)
    {
        if ((await StrictJson.ReadAsync<Request>(http)).IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (TextValidation.CheckTitle(request.Title) is { } badTitle)
        {
            return badTitle;
        }

        if (CurrentUser.Of(http.User) is not { } user || !await store.RenameAsync(user.Owner, id, request.Title!))
        {
            return Problems.NotFound("conversation");
        }

        feed.Changed(user.Owner, id);
        return await GetConversation.Handle(id, http, database);
    }
}
