using System.ComponentModel;
using System.Text.Json.Serialization;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;

namespace Parley.Server.Compatibility.ChatRows;

/// <summary>
/// <c>POST /api/chat/conversations</c>: creates an empty conversation. Its model need not be available: it records which model the
/// conversation is meant for.
/// </summary>
public static class CreateChatConversation
{
    private const int MaxModelLength = 200;

    public sealed record Request(
        [property: JsonPropertyName("user_id"), Description("The caller's own id; any other is refused.")] string? UserId,
        string? Title,
        string? Model
    );

    public static async Task<IResult> Handle(HttpContext http, ChatStore store, ChangeFeed feed, TimeProvider time)
    {
        if ((await StrictJson.ReadAsync(http, new Request(null, null, null))).IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (request.Title is not null && TextValidation.CheckTitle(request.Title) is { } badTitle)
        {
            return badTitle;
        }

        if (request.Model is { } model && (model.Length is 0 or > MaxModelLength || model.Any(char.IsControl)))
        {
            return Problems.Invalid("model", ErrorCodes.InvalidModel, "The name of a model must have 1 to 200 characters.");
        }

        if (ChatConversationEndpoints.CheckUserId(http, request.UserId) is { } notYours)
        {
            return notYours;
        }

        var user = await http.CurrentUserOrNewAsync(time);
        var now = time.GetUtcNow();
        var at = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        var conversation = await store.CreateConversationAsync(
            new Conversation
            {
                Id = Guid.CreateVersion7(now).ToString(),
                TenantId = user.TenantId,
                OwnerId = user.Id,
                Title = request.Title ?? MessageText.Title(""),
                Model = request.Model,
                CreatedAt = at,
                UpdatedAt = at,
            }
        );
        feed.Changed(user.Owner, conversation.Id);
        http.Response.Headers.Location = $"/api/v1/conversations/{conversation.Id}";
        return Results.Json(
            ChatConversationRow.Of(conversation, ChatConversationEndpoints.UserId),
            ChatConversationEndpoints.Json,
            statusCode: StatusCodes.Status201Created
        );
    }
}
