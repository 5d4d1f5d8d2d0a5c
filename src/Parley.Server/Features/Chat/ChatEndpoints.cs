namespace Parley.Server.Features.Chat;

public static class ChatEndpoints
{
    public static void MapChat(this IEndpointRouteBuilder routes) => routes.MapPost("/api/chat", SendMessage.Handle).WithTags("Chat");
}
