using Parley.Server.Compatibility.AiSdk;
using Parley.Server.Compatibility.PlainMessages;
using Parley.Server.Data;
using Parley.Server.Generations;
using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Chat;

public static class ChatEndpoints
{
    public static IServiceCollection AddChat(this IServiceCollection services, IConfiguration configuration) =>
        services
            .Configure<ChatBodyOptions>(configuration.GetSection("Chat"))
            .AddSingleton<SingleMessageChat>()
            .AddSingleton<AiSdkChat>()
            .AddSingleton<PlainMessagesChat>()
            .AddSingleton<IPromptSource, PlainMessagesPrompt>()
            .AddSingleton<ResumeChat>();

    public static void MapChat(this IEndpointRouteBuilder routes)
    {
        var chat = routes.MapGroup("/api/chat").WithTag("Chat", AiSdkEndpoints.ChatTag);
        chat.MapPost("", PostChat.Handle)
            .WithName("postChat")
            .WithSummary("Sends a message to a model, and streams its answer.")
            .WithDescription(
                "The body shows which kind of client sent it, which decides the wire format of the response; `format` overrides that. With `stream: false` the response is one JSON object, except for the AI SDK."
            )
            .WithRateLimitPolicy(RateLimitPolicies.Chat)
            .AcceptsChatBodies()
            .StartsGeneration(Media.Events, Media.Text)
            .ProducesEvents(GenerationEventSchemas.Native, GenerationEventSchemas.Content, GenerationEventSchemas.Token)
            .Produces<WholeAnswer.Answer>()
            .ProducesChatErrors();
        chat.MapPost("/text", PostChat.HandleText)
            .WithName("postChatText")
            .WithSummary("The same as POST /api/chat, with a plain text response.")
            .WithDescription("Plain text cannot report a failure: the connection is closed without the end of the response.")
            .WithRateLimitPolicy(RateLimitPolicies.Chat)
            .AcceptsChatBodies()
            .StartsGeneration(Media.Text, Media.Events)
            .Produces<WholeAnswer.Answer>()
            .ProducesChatErrors();
    }

    private static RouteHandlerBuilder AcceptsChatBodies(this RouteHandlerBuilder route) =>
        route
            .AcceptsJson<SingleMessageChat.Request>()
            .AcceptsJson<AiSdkChat.Request>(isTolerant: true)
            .AcceptsJson<PlainMessagesChat.Request>(isTolerant: true)
            .WithExample("Parley", """{"message":"Hello"}""")
            .WithExample(
                "AI SDK 5 to 7",
                """{"id":"my-chat","trigger":"submit-message","messages":[{"id":"m1","role":"user","parts":[{"type":"text","text":"Hello"}]}]}"""
            )
            .WithExample("AI SDK 4", """{"id":"my-older-chat","messages":[{"role":"user","content":"Hello"}]}""")
            .WithExample("role and content alone", """{"messages":[{"role":"user","content":"Hello"}],"temperature":0.7}""");
}
