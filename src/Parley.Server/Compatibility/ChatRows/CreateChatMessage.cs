using System.Text.Json;
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

namespace Parley.Server.Compatibility.ChatRows;

/// <summary><c>POST /api/chat/conversations/{id}/messages</c>: appends a message without starting a generation.</summary>
public static class CreateChatMessage
{
    private const int MaxMetadataLength = 16 * 1024;

    private static readonly string[] Roles = ["user", "assistant", "system"];

    public sealed record Request(
        [property: SchemaRequired, SchemaValues("user", "assistant", "system")] string? Role,
        [property: SchemaRequired] string? Content,
        [property: SchemaRange(0, int.MaxValue)] int? Tokens,
        JsonElement? Metadata
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

        if (request.Tokens is < 0)
        {
            return Problems.Invalid("tokens", ErrorCodes.OutOfRange, "tokens must not be negative.");
        }

        var metadata = request.Metadata is { ValueKind: not JsonValueKind.Null } given ? given.GetRawText() : null;
        if (metadata is not null && request.Metadata!.Value.ValueKind != JsonValueKind.Object)
        {
            return Problems.Invalid("metadata", ErrorCodes.WrongType, "metadata must be an object.");
        }

        if (metadata is { Length: > MaxMetadataLength })
        {
            return Problems.Invalid("metadata", ErrorCodes.TooLong, "metadata may have at most 16 KiB.");
        }

        if (CurrentUser.Of(http.User) is not { } user)
        {
            return Problems.NotFound("conversation");
        }

        await using var db = await database.OpenContextAsync(user.Owner, http.RequestAborted);
        if (await db.FindConversationAsync(id, http.RequestAborted) is not { } conversation)
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
                ConversationId = conversation.Id,
                Role = request.Role!,
                Content = request.Content!,
                Status = "complete",
                OutputTokens = request.Tokens,
                Metadata = metadata,
                CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()),
            },
            underNewest: true
        );
        if (message is null)
        {
            return Problems.NotFound("conversation");
        }

        feed.Changed(user.Owner, conversation.Id);
        http.Response.Headers.Location = $"/api/v1/messages/{message.Id}";
        var view = (await MessageView.OfAsync(db, generations, [message], http.RequestAborted))[0];
        return Results.Json(
            ListChatMessages.RowOf(message, view),
            ChatConversationEndpoints.Json,
            statusCode: StatusCodes.Status201Created
        );
    }
}
