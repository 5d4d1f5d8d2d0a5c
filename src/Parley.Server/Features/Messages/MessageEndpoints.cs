using Parley.Server.Contracts;
using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Messages;

public static class MessageEndpoints
{
    public static void MapMessages(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/v1/conversations/{id}/messages", ListMessages.Handle)
            .WithTags("Messages")
            .CountedAs(RateBucket.Read)
            .Operation("listMessages", "The messages of the active path, by pages from its end; oldest first within a page.")
            .Reads(Parameters.ConversationId, Parameters.Limit(50, 200), Parameters.Before)
            .Answers<ListMessages.Page>()
            .Refuses(400, "unknown_parameter", "duplicate_parameter", "out_of_range", "invalid_cursor")
            .Refuses(404, "not_found");
        routes
            .MapPost("/api/v1/conversations/{id}/messages", CreateMessage.Handle)
            .WithTags("Messages")
            .CountedAs(RateBucket.Write)
            .Takes<CreateMessage.Request>()
            .Operation("createMessage", "Adds a message without asking a model.")
            .Reads(Parameters.ConversationId)
            .Example("a note", """{"role":"user","content":"A note"}""")
            .Creates<MessageView>()
            .Refuses(400, "invalid_role", "text_required")
            .Refuses(404, "not_found")
            .Refuses(413, "message_too_long");
        routes
            .MapGet("/api/v1/messages/{id}", GetMessage.Handle)
            .WithTags("Messages")
            .CountedAs(RateBucket.Read)
            .Operation("getMessage", "One message. Of an answer that is being written: what is there so far.")
            .Reads(Parameters.MessageId)
            .Answers<MessageView>()
            .Refuses(404, "not_found");
    }
}
