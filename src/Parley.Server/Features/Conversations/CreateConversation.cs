using System.ComponentModel;
using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Routing;

namespace Parley.Server.Features.Conversations;

/// <summary><c>POST /api/v1/conversations</c>: creates an empty conversation.</summary>
public static class CreateConversation
{
    public sealed record Request([property: Description("1 to 200 characters.")] string? Title, string? Model);

    public static async Task<IResult> Handle(HttpContext http, ChatStore store, ChangeFeed feed, ModelRouter router, TimeProvider time)
    {
        if ((await StrictJson.ReadAsync(http, new Request(null, null))).IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (request.Title is not null && TextValidation.CheckTitle(request.Title) is { } badTitle)
        {
            return badTitle;
        }

        if (request.Model is not null && router.Resolve(request.Model) is null)
        {
            return ModelProblems.NotFound(router, request.Model);
        }

        var user = await http.CurrentUserOrNewAsync(time);
        var now = time.GetUtcNow();
        var conversation = await store.CreateConversationAsync(
            new Conversation
            {
                Id = Guid.CreateVersion7(now).ToString(),
                TenantId = user.TenantId,
                OwnerId = user.Id,
                Title = request.Title ?? MessageText.Title(""),
                Model = request.Model,
                CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()),
                UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()),
            }
        );
        feed.Changed(user.Owner, conversation.Id);
        return ApiJson.Created($"/api/v1/conversations/{conversation.Id}", ConversationView.Of(conversation, []), http);
    }
}
