namespace Parley.Server.Features.Conversations;

public static class ConversationEndpoints
{
    public static void MapConversations(this IEndpointRouteBuilder routes)
    {
        var conversations = routes.MapGroup("/api/v1/conversations").WithTags("Conversations");
        conversations.MapGet("", ListConversations.Handle);
        conversations.MapPost("", CreateConversation.Handle);
        conversations.MapGet("/{id}", GetConversation.Handle);
        conversations.MapPatch("/{id}", RenameConversation.Handle);
        conversations.MapDelete("/{id}", DeleteConversation.Handle);
    }
}
