using Parley.Server.Http;
using Parley.Server.RateLimiting;
namespace Parley.Server.Features.Conversations;

public static class ConversationEndpoints
{
    public static void MapConversations(this IEndpointRouteBuilder routes)
    {
        var conversations = routes.MapGroup("/api/v1/conversations").WithTags("Conversations");
        conversations.MapGet("", ListConversations.Handle).CountedAs(RateBucket.Read);
        conversations.MapPost("", CreateConversation.Handle).CountedAs(RateBucket.Write).Takes<CreateConversation.Request>();
        conversations.MapGet("/{id}", GetConversation.Handle).CountedAs(RateBucket.Read);
        conversations.MapPatch("/{id}", RenameConversation.Handle).CountedAs(RateBucket.Write).Takes<RenameConversation.Request>();
        conversations.MapDelete("/{id}", DeleteConversation.Handle).CountedAs(RateBucket.Write);
    }
}
