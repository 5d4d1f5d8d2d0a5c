using Parley.Server.Contracts;
using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Conversations;

public static class ConversationEndpoints
{
    public static void MapConversations(this IEndpointRouteBuilder routes)
    {
        var conversations = routes.MapGroup("/api/v1/conversations").WithTags("Conversations");
        conversations
            .MapGet("", ListConversations.Handle)
            .CountedAs(RateBucket.Read)
            .Operation("listConversations", "Conversations, newest first, by pages.")
            .Reads(Parameters.Limit(50, 100), Parameters.PageCursor)
            .Answers<ListConversations.Page>()
            .Refuses(400, "unknown_parameter", "duplicate_parameter", "out_of_range", "invalid_cursor");
        conversations
            .MapPost("", CreateConversation.Handle)
            .CountedAs(RateBucket.Write)
            .Takes<CreateConversation.Request>()
            .BodyIsOptional()
            .Operation("createConversation", "Makes an empty conversation.")
            .Example("a title", """{"title":"A title"}""")
            .Creates<ConversationView>()
            .Refuses(400, "text_required", "title_too_long", "model_not_found");
        conversations
            .MapGet("/{id}", GetConversation.Handle)
            .CountedAs(RateBucket.Read)
            .Operation("getConversation", "One conversation.")
            .Reads(Parameters.ConversationId)
            .Answers<ConversationView>()
            .Refuses(404, "not_found");
        conversations
            .MapPatch("/{id}", RenameConversation.Handle)
            .CountedAs(RateBucket.Write)
            .Takes<RenameConversation.Request>()
            .Operation("renameConversation", "Gives a conversation another title.")
            .Reads(Parameters.ConversationId)
            .Example("a title", """{"title":"Another title"}""")
            .Answers<ConversationView>()
            .Refuses(400, "text_required", "title_too_long")
            .Refuses(404, "not_found");
        conversations
            .MapDelete("/{id}", DeleteConversation.Handle)
            .CountedAs(RateBucket.Write)
            .Operation("deleteConversation", "Deletes a conversation with all that belongs to it. What is still being written in it ends.")
            .Reads(Parameters.ConversationId)
            .AnswersNothing(204, "It is gone.")
            .Refuses(404, "not_found");
    }
}
