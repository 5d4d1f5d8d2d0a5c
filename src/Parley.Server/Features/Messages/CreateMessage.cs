using System.ComponentModel;
using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Streaming.Generations;

namespace Parley.Server.Features.Messages;

/// <summary><c>POST /api/v1/conversations/{id}/messages</c>: adds a message without starting a generation.</summary>
public static class CreateMessage
{
    private static readonly string[] Roles = ["user", "assistant", "system"];

    public sealed record Request(
        [property: SchemaRequired, SchemaValues("user", "assistant", "system")] string? Role,
        [property: SchemaRequired] string? Content,
        [property: Description("The parent of the message. Default: the newest message.")] string? ParentId
    );

    public static async Task<IResult> Handle(
        string id,
        HttpContext http,
        ChatStore store,
        IDatabase database,
        IGenerationStore generations,
        ChangeFeed feed,
        TimeProvider time
    )
    {
        if ((await StrictJson.ReadAsync<Request>(http)).IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (!Roles.Contains(request.Role))
        {
            return Problems.Invalid("role", ErrorCodes.InvalidRole, "role must be user, assistant or system.");
        }

        if (TextValidation.CheckMessage("content", request.Content) is { } badText)
        {
            return badText;
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("conversation");
        }

        var now = time.GetUtcNow();
        var message = await store.AddMessageAsync(
            new Message
            {
                Id = Guid.CreateVersion7(now).ToString(),
                TenantId = user.TenantId,
                OwnerId = user.Id,
                ConversationId = id,
                ParentId = request.ParentId,
                Role = request.Role!,
                Content = request.Content!,
                Status = "complete",
                CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()),
            },
            underNewest: request.ParentId is null
        );
        if (message is null)
        {
            return Problems.NotFound("conversation");
        }

        feed.Changed(user.Owner, id);
        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        return ApiJson.Created(
            $"/api/v1/messages/{message.Id}",
            (await MessageView.OfAsync(db, generations, [message], http.RequestAborted))[0],
            http
        );
    }
}
