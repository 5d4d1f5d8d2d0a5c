using Parley.Server.Contracts;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Messages;

public static class MessageEndpoints
{
    private static readonly ParameterMetadata Before = Parameters.Query(
        "before",
        "`previous` of the following page: returns messages before this one.",
        Parameters.Uuid
    );

    public static void MapMessages(this IEndpointRouteBuilder routes)
    {
        var messages = routes.MapGroup("/api/v1").WithTag("Messages", "The messages of a conversation.");
        messages
            .MapGet("/conversations/{id}/messages", ListMessages.Handle)
            .WithName("listMessages")
            .WithSummary("Lists the messages of the active path in pages from its end; oldest first within a page.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(Parameters.ConversationId, Parameters.Limit(50, 200), Before)
            .Produces<ListMessages.Page>()
            .ProducesError(400, ErrorCodes.UnknownParameter, ErrorCodes.DuplicateParameter, ErrorCodes.OutOfRange, ErrorCodes.InvalidCursor)
            .ProducesError(404, ErrorCodes.NotFound);
        messages
            .MapPost("/conversations/{id}/messages", CreateMessage.Handle)
            .WithName("createMessage")
            .WithSummary("Adds a message without starting a generation.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .AcceptsJson<CreateMessage.Request>()
            .WithParameters(Parameters.ConversationId)
            .WithExample("a note", """{"role":"user","content":"A note"}""")
            .ProducesCreated<MessageView>()
            .ProducesError(400, ErrorCodes.InvalidRole, ErrorCodes.TextRequired)
            .ProducesError(404, ErrorCodes.NotFound)
            .ProducesError(413, ErrorCodes.MessageTooLong);
        messages
            .MapGet("/messages/{id}", GetMessage.Handle)
            .WithName("getMessage")
            .WithSummary("Returns a message; with the content so far while its generation is running.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(Parameters.MessageId)
            .Produces<MessageView>()
            .ProducesError(404, ErrorCodes.NotFound);
    }
}
