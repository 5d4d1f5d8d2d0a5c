using Parley.Server.Contracts;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Conversations;

public static class ConversationEndpoints
{
    private static readonly ParameterMetadata Cursor = Parameters.Query("cursor", "`nextCursor` of the previous page.");

    public static void MapConversations(this IEndpointRouteBuilder routes)
    {
        var conversations = routes.MapGroup("/api/v1/conversations").WithTag("Conversations", "Conversations, as trees of messages.");
        conversations
            .MapGet("", ListConversations.Handle)
            .WithName("listConversations")
            .WithSummary("Lists conversations in pages, newest first.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(Parameters.Limit(50, 100), Cursor)
            .Produces<ListConversations.Page>()
            .ProducesError(
                400,
                ErrorCodes.UnknownParameter,
                ErrorCodes.DuplicateParameter,
                ErrorCodes.OutOfRange,
                ErrorCodes.InvalidCursor
            );
        conversations
            .MapPost("", CreateConversation.Handle)
            .WithName("createConversation")
            .WithSummary("Creates an empty conversation.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .AcceptsJson<CreateConversation.Request>(isOptional: true)
            .WithExample("a title", """{"title":"A title"}""")
            .ProducesCreated<ConversationView>()
            .ProducesError(400, ErrorCodes.TextRequired, ErrorCodes.TitleTooLong, ErrorCodes.ModelNotFound);
        conversations
            .MapGet("/{id}", GetConversation.Handle)
            .WithName("getConversation")
            .WithSummary("Returns a conversation.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(Parameters.ConversationId)
            .Produces<ConversationView>()
            .ProducesError(404, ErrorCodes.NotFound);
        conversations
            .MapPatch("/{id}", RenameConversation.Handle)
            .WithName("renameConversation")
            .WithSummary("Changes the title of a conversation.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .AcceptsJson<RenameConversation.Request>()
            .WithParameters(Parameters.ConversationId)
            .WithExample("a title", """{"title":"Another title"}""")
            .Produces<ConversationView>()
            .ProducesError(400, ErrorCodes.TextRequired, ErrorCodes.TitleTooLong)
            .ProducesError(404, ErrorCodes.NotFound);
        conversations
            .MapDelete("/{id}", DeleteConversation.Handle)
            .WithName("deleteConversation")
            .WithSummary("Permanently deletes a conversation with its messages and generations; running generations are ended.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .WithParameters(Parameters.ConversationId)
            .ProducesNoBody(204, "The conversation was deleted.")
            .ProducesError(404, ErrorCodes.NotFound);
    }
}
