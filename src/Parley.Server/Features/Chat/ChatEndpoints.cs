using Parley.Server.Contracts;
using Parley.Server.Generations;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Chat;

public static class ChatEndpoints
{
    public static IServiceCollection AddChat(this IServiceCollection services) => services.AddSingleton<IChatDialect, SingleMessageChat>();

    public static void MapChat(this IEndpointRouteBuilder routes)
    {
        var dialects = routes.ServiceProvider.GetServices<IChatDialect>();
        var chat = routes.MapGroup("/api/chat").WithTag("Chat", ChatDescriptions.Tag);
        chat.MapPost("", PostChat.Handle)
            .WithName("postChat")
            .WithSummary("Sends a message to a model, and streams its answer.")
            .WithDescription(
                "The body shows which kind of client sent it, which decides the wire format of the response; `format` overrides that. With `stream: false` the response is one JSON object, except for the AI SDK."
            )
            .WithRateLimitPolicy(RateLimitPolicies.Chat)
            .AcceptsChatBodies(dialects)
            .StartsGeneration(Media.Events, Media.Text)
            .ProducesEvents(GenerationEventSchemas.Native, GenerationEventSchemas.Content, GenerationEventSchemas.Token)
            .Produces<WholeAnswer.Answer>()
            .ProducesChatErrors();
        chat.MapPost("/text", PostChat.HandleText)
            .WithName("postChatText")
            .WithSummary("The same as POST /api/chat, with a plain text response.")
            .WithDescription("Plain text cannot report a failure: the connection is closed without the end of the response.")
            .WithRateLimitPolicy(RateLimitPolicies.Chat)
            .AcceptsChatBodies(dialects)
            .StartsGeneration(Media.Text, Media.Events)
            .Produces<WholeAnswer.Answer>()
            .ProducesChatErrors();
    }

    private static RouteHandlerBuilder AcceptsChatBodies(this RouteHandlerBuilder route, IEnumerable<IChatDialect> dialects)
    {
        foreach (var dialect in dialects)
        {
            route.WithMetadata(dialect.Body);
            foreach (var (client, json) in dialect.Examples)
            {
                route.WithExample(client, json);
            }
        }

        return route;
    }
}
