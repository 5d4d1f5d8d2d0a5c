using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Data.Model;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Compatibility.ChatRows;

/// <summary>Conversations and their messages as rows with snake_case columns, paged by offset. The <c>user_id</c> in them is the caller's own: a request may repeat it, and cannot choose it.</summary>
public static class ChatConversationEndpoints
{
    internal static readonly JsonSerializerOptions Json = new(ApiJson.Options)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    public static void MapChatConversations(this IEndpointRouteBuilder routes)
    {
        var conversations = routes.MapGroup("/api/chat/conversations").WithTags("Chat conversations");
        conversations
            .MapGet("", ListChatConversations.Handle)
            .CountedAs(RateBucket.Read)
            .Operation("listChatConversations", "Conversations as rows, the newest message first.")
            .Reads(Parameters.Limit(50, 100), Parameters.Offset, Parameters.UserId)
            .Answers<ListChatConversations.Page>(json: Json)
            .Refuses(400, "unknown_parameter", "duplicate_parameter", "out_of_range")
            .Refuses(403, "not_yours");
        conversations
            .MapPost("", CreateChatConversation.Handle)
            .CountedAs(RateBucket.Write)
            .Takes<CreateChatConversation.Request>()
            .BodyIsOptional()
            .Operation(
                "createChatConversation",
                "Makes an empty conversation.",
                "Its model may be one that is not here: it is what the conversation was meant for."
            )
            .Example("a title", """{"title":"A title","model":"scripted"}""")
            .Creates<ChatConversationRow>(Json)
            .Refuses(400, "text_required", "title_too_long", "invalid_model")
            .Refuses(403, "not_yours");
        conversations
            .MapDelete("", DeleteChatConversation.Handle)
            .CountedAs(RateBucket.Write)
            .Operation("deleteChatConversation", "Deletes a conversation, and its messages with it.")
            .Reads(Parameters.ConversationToDelete)
            .Answers<DeleteChatConversation.Deleted>()
            .Refuses(400, "required", "duplicate_parameter")
            .Refuses(404, "not_found");
        conversations
            .MapGet("/{id}/messages", ListChatMessages.Handle)
            .CountedAs(RateBucket.Read)
            .Operation("listChatMessages", "The messages of a conversation as rows, oldest first.")
            .Reads(Parameters.ChatIdInPath, Parameters.Limit(100, 200), Parameters.Offset)
            .Answers<ListChatMessages.Page>(json: Json)
            .Refuses(400, "unknown_parameter", "duplicate_parameter", "out_of_range")
            .Refuses(404, "not_found");
        conversations
            .MapPost("/{id}/messages", CreateChatMessage.Handle)
            .CountedAs(RateBucket.Write)
            .Takes<CreateChatMessage.Request>()
            .Operation("createChatMessage", "Adds a message at the end, without asking a model.")
            .Reads(Parameters.ChatIdInPath)
            .Example("a note", """{"role":"user","content":"A note","tokens":2,"metadata":{"source":"import"}}""")
            .Creates<ChatMessageRow>(Json)
            .Refuses(400, "invalid_role", "text_required", "out_of_range", "too_long")
            .Refuses(404, "not_found")
            .Refuses(413, "message_too_long");
    }

    /// <summary>The id under which a person is known in rows: null, since nobody has an account yet.</summary>
    internal const string? UserId = null;

    internal static Problem? CheckUserId(HttpContext http, string? userId) => ClaimedUser.Check(CurrentUser.Of(http.User), userId);
}

/// <summary>A conversation as a row.</summary>
public sealed record ChatConversationRow(
    string Id,
    string? UserId,
    string Title,
    string? Model,
    int? ContextWindow,
    long TotalTokens,
    int MessageCount,
    DateTimeOffset? LastMessageAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt
)
{
    internal static ChatConversationRow Of(Conversation row, string? userId) =>
        new(row.Id, userId, row.Title, row.Model, null, row.TotalTokens, row.MessageCount, row.LastMessageAt, row.CreatedAt, row.UpdatedAt);
}

/// <summary>A message as a row.</summary>
public sealed record ChatMessageRow(
    string Id,
    string ConversationId,
    string Role,
    string Content,
    long? Tokens,
    JsonElement? Metadata,
    DateTimeOffset CreatedAt
);
