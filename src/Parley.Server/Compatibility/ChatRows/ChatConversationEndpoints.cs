using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Server.Data.Model;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Compatibility.ChatRows;

/// <summary>
/// Conversations and their messages as rows with snake_case columns, paged by offset. Their <c>user_id</c> is the caller's own: a request
/// can repeat it, but not choose it.
/// </summary>
public static class ChatConversationEndpoints
{
    internal static readonly JsonSerializerOptions Json = new(ApiJson.Options)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    private static readonly ParameterMetadata ConversationToDelete = Parameters.Query(
        "id",
        "The conversation to delete: its id, or the client's name for it.",
        Parameters.Text,
        true
    );

    public static void MapChatConversations(this IEndpointRouteBuilder routes)
    {
        var conversations = routes
            .MapGroup("/api/chat/conversations")
            .WithTag("Chat conversations", "Conversations and messages as rows, paged by offset.");
        conversations
            .MapGet("", ListChatConversations.Handle)
            .WithName("listChatConversations")
            .WithSummary("Lists conversations as rows, the most recent message first.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(Parameters.Limit(50, 100), Parameters.Offset, Parameters.UserId)
            .Produces<ListChatConversations.Page>()
            .WithJsonFormat(Json)
            .ProducesError(400, ErrorCodes.UnknownParameter, ErrorCodes.DuplicateParameter, ErrorCodes.OutOfRange)
            .ProducesError(403, ErrorCodes.NotYours);
        conversations
            .MapPost("", CreateChatConversation.Handle)
            .WithName("createChatConversation")
            .WithSummary("Creates an empty conversation.")
            .WithDescription("Its model need not be available: it records which model the conversation is meant for.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .AcceptsJson<CreateChatConversation.Request>(isOptional: true)
            .WithExample("a title", """{"title":"A title","model":"scripted"}""")
            .ProducesCreated<ChatConversationRow>()
            .WithJsonFormat(Json)
            .ProducesError(400, ErrorCodes.TextRequired, ErrorCodes.TitleTooLong, ErrorCodes.InvalidModel)
            .ProducesError(403, ErrorCodes.NotYours);
        conversations
            .MapDelete("", DeleteChatConversation.Handle)
            .WithName("deleteChatConversation")
            .WithSummary("Permanently deletes a conversation with its messages.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .WithParameters(ConversationToDelete)
            .Produces<DeleteChatConversation.Deleted>()
            .ProducesError(400, ErrorCodes.Required, ErrorCodes.DuplicateParameter)
            .ProducesError(404, ErrorCodes.NotFound);
        conversations
            .MapGet("/{id}/messages", ListChatMessages.Handle)
            .WithName("listChatMessages")
            .WithSummary("Lists the messages of a conversation as rows, oldest first.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(Parameters.ChatIdInPath, Parameters.Limit(100, 200), Parameters.Offset)
            .Produces<ListChatMessages.Page>()
            .WithJsonFormat(Json)
            .ProducesError(400, ErrorCodes.UnknownParameter, ErrorCodes.DuplicateParameter, ErrorCodes.OutOfRange)
            .ProducesError(404, ErrorCodes.NotFound);
        conversations
            .MapPost("/{id}/messages", CreateChatMessage.Handle)
            .WithName("createChatMessage")
            .WithSummary("Appends a message without starting a generation.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .AcceptsJson<CreateChatMessage.Request>()
            .WithParameters(Parameters.ChatIdInPath)
            .WithExample("a note", """{"role":"user","content":"A note","tokens":2,"metadata":{"source":"import"}}""")
            .ProducesCreated<ChatMessageRow>()
            .WithJsonFormat(Json)
            .ProducesError(400, ErrorCodes.InvalidRole, ErrorCodes.TextRequired, ErrorCodes.OutOfRange, ErrorCodes.TooLong)
            .ProducesError(404, ErrorCodes.NotFound)
            .ProducesError(413, ErrorCodes.MessageTooLong);
    }

    /// <summary>The <c>user_id</c> of rows: null, since there are no accounts yet.</summary>
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
