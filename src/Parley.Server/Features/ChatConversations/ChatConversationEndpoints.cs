using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Data;
using Parley.Server.Http;
using Parley.Server.Identity;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.ChatConversations;

/// <summary>Conversations and their messages as rows with snake_case columns, paged by offset. The <c>user_id</c> in them is the caller's own: a request may repeat it, and cannot choose it.</summary>
public static class ChatConversationEndpoints
{
    internal static readonly JsonSerializerOptions Json = new(ApiJson.Options) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    public static void MapChatConversations(this IEndpointRouteBuilder routes)
    {
        var conversations = routes.MapGroup("/api/chat/conversations").WithTags("Chat conversations");
        conversations.MapGet("", ListChatConversations.Handle).CountedAs(RateBucket.Read);
        conversations.MapPost("", CreateChatConversation.Handle).CountedAs(RateBucket.Write).Takes<CreateChatConversation.Request>();
        conversations.MapDelete("", DeleteChatConversation.Handle).CountedAs(RateBucket.Write);
        conversations.MapGet("/{id}/messages", ListChatMessages.Handle).CountedAs(RateBucket.Read);
        conversations.MapPost("/{id}/messages", CreateChatMessage.Handle).CountedAs(RateBucket.Write).Takes<CreateChatMessage.Request>();
    }

    /// <summary>The id under which a person is known in rows: null, since nobody has an account yet.</summary>
    internal const string? UserId = null;

    /// <summary>A <c>user_id</c> that is somebody else's is refused; null and one's own are fine.</summary>
    internal static Problem? CheckUserId(HttpContext http, string? userId) =>
        userId is null or "" or "null" || userId == CurrentUser.Of(http.User)?.Id
            ? null
            : Problems.Of(StatusCodes.Status403Forbidden, "not_yours", "user_id is not yours. Who you are comes from your credentials; leave it out.", "user_id");
}

/// <summary>A conversation as a row.</summary>
public sealed record ChatConversationRow(
    string Id, string? UserId, string Title, string? Model, int? ContextWindow, long TotalTokens, int MessageCount, DateTimeOffset? LastMessageAt, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    internal static ChatConversationRow Of(Conversation row, string? userId) =>
        new(row.Id, userId, row.Title, row.Model, null, row.TotalTokens, row.MessageCount, row.LastMessageAt, row.CreatedAt, row.UpdatedAt);
}

/// <summary>A message as a row.</summary>
public sealed record ChatMessageRow(string Id, string ConversationId, string Role, string Content, long? Tokens, JsonElement? Metadata, DateTimeOffset CreatedAt);
