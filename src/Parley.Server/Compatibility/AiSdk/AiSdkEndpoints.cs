using Parley.Server.Contracts;
using Parley.Server.Data;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Compatibility.AiSdk;

/// <summary>The routes of <c>useChat</c> besides <c>POST /api/chat</c>, and all of them under <c>/api/v1/chat</c>.</summary>
public static class AiSdkEndpoints
{
    private static readonly ParameterMetadata ChatIdToResume = Parameters.Query(
        "chatId",
        "Resumes the running generation of this conversation, like `GET /api/chat`, instead of listing."
    );

    private static readonly ParameterMetadata Order = Parameters.Query(
        "order",
        "Newest first, or oldest first.",
        """{"type":"string","enum":["desc","asc"],"default":"desc"}"""
    );

    private static readonly ParameterMetadata Archived = Parameters.Query(
        "archived",
        "Whether archived conversations are listed.",
        """{"type":"string","enum":["exclude","include","only"],"default":"exclude"}"""
    );

    public static IServiceCollection AddAiSdk(this IServiceCollection services) =>
        services
            .AddSingleton<AiSdkChat>()
            .AddSingleton<IChatDialect>(static provider => provider.GetRequiredService<AiSdkChat>())
            .AddSingleton<ResumeChat>();

    public static void MapAiSdk(this IEndpointRouteBuilder routes)
    {
        var chat = routes.MapGroup("/api/chat").WithTag("Chat", ChatDescriptions.Tag);
        chat.MapGet("", ResumeChat.HandleQuery)
            .WithName("resumeChatByQuery")
            .WithSummary("Resumes the running generation of a chat from its beginning; an empty body when none is running.")
            .WithDescription("For `useChat` of AI SDK 4.")
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .WithParameters(Parameters.ChatId, GenerationDescriptions.Format)
            .FollowsGeneration(
                "The answer from its beginning, as the data stream; empty when no generation is running.",
                Media.Text,
                Media.Events
            )
            .ProducesError(400, ErrorCodes.Required, ErrorCodes.UnknownFormat, ErrorCodes.DuplicateParameter);
        chat.MapResumeAndStop("");

        var v1 = routes.MapGroup("/api/v1/chat").WithTag("Chat", ChatDescriptions.Tag);
        v1.MapPost("", PostV1Chat.Handle)
            .WithName("postV1Chat")
            .WithSummary("Sends a message to a model, and streams its answer as the AI SDK data stream.")
            .WithDescription("A conversation that does not exist is created with the name that the request gives.")
            .WithRateLimitPolicy(RateLimitPolicies.Chat)
            .AcceptsJson<PostV1Chat.Request>(isTolerant: true)
            .WithExample("one message", """{"message":"Hello","conversationId":"my-chat"}""")
            .StartsGeneration(Media.Text, Media.Events)
            .ProducesChatErrors()
            .ProducesError(400, ErrorCodes.AgentNotFound);
        v1.MapGet("", static (HttpContext http, IDatabase database, ResumeChat resume, ResumeGeneration resumption) =>
                http.Request.Query.ContainsKey("chatId")
                    ? ResumeChat.HandleQuery(http, resume, resumption)
                    : ListChats.Handle(http, database)
            )
            .WithName("listChats")
            .WithSummary("Lists conversations, the most recent message first; with chatId, resumes a running generation.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(Parameters.Limit(50, 100), Parameters.Offset, Archived, ChatIdToResume)
            .Produces<ListChats.Page>()
            .FollowsGeneration("With `chatId`: the answer from its beginning, as the data stream.", Media.Text)
            .ProducesError(400, ErrorCodes.UnknownParameter, ErrorCodes.DuplicateParameter, ErrorCodes.OutOfRange);
        v1.MapGet("/{id}", GetChat.Handle)
            .WithName("getChat")
            .WithSummary("Returns a conversation with a page of its messages, newest first.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(Parameters.ChatIdInPath, Parameters.Limit(50, 200), Parameters.Offset, Order)
            .Produces<GetChat.ChatWithMessages>()
            .ProducesError(400, ErrorCodes.UnknownParameter, ErrorCodes.DuplicateParameter, ErrorCodes.OutOfRange)
            .ProducesError(404, ErrorCodes.NotFound);
        v1.MapDelete("/{id}", ArchiveChat.Handle)
            .WithName("deleteChat")
            .WithSummary("Archives a conversation: it is kept, but not listed.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .WithParameters(Parameters.ChatIdInPath)
            .Produces<ArchiveChat.Archived>()
            .ProducesError(404, ErrorCodes.NotFound);
        v1.MapPost("/{id}/archive", ArchiveChat.Handle)
            .WithName("archiveChat")
            .WithSummary("Archives a conversation: it is kept, but not listed.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .AcceptsNoBody()
            .WithParameters(Parameters.ChatIdInPath)
            .Produces<ArchiveChat.Archived>()
            .ProducesError(404, ErrorCodes.NotFound);
        v1.MapResumeAndStop("V1");
    }

    private static void MapResumeAndStop(this RouteGroupBuilder chat, string version)
    {
        chat.MapGet("/{id}/stream", ResumeChat.Handle)
            .WithName($"resume{version}Chat")
            .WithSummary("Resumes the running generation of a chat from its beginning, with the id of its message.")
            .WithDescription("For `useChat` of AI SDK 5 to 7. It has no side effects.")
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .WithParameters(Parameters.ChatIdInPath, GenerationDescriptions.Format)
            .FollowsGeneration("The answer from its beginning, as the UI message stream.", Media.Events, Media.Text)
            .ProducesNoBody(204, "No generation is running, or the chat does not exist.")
            .ProducesError(400, ErrorCodes.UnknownFormat, ErrorCodes.DuplicateParameter);
        chat.MapPost("/{id}/stop", StopChat.Handle)
            .WithName($"stop{version}Chat")
            .WithSummary("Stops the running generation of a chat. Disconnecting does not stop it.")
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .AcceptsNoBody()
            .WithParameters(Parameters.ChatIdInPath)
            .Produces<StopChat.StopResult>()
            .ProducesError(404, ErrorCodes.NotFound);
    }
}
