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
        var chat = routes.MapGroup("/api/chat").WithTags("Chat");
        chat.MapPost("", PostChat.Handle)
            .CountedAs(RateBucket.Chat)
            .TakesChatBodies()
            .Operation(
                "postChat",
                "Asks a model, and streams its answer.",
                "The body shows which client it is, and so how the answer is written; `format` overrides that. With `stream: false` the answer is one JSON object, except to the AI SDK."
            )
            .StartsAnswer(Media.Events, Media.Text)
            .Sends(EventSchemas.Generation, EventSchemas.Content, EventSchemas.Token)
            .Answers<WholeAnswer.Answer>()
            .RefusesTurns();
        chat.MapPost("/text", PostChat.HandleText)
            .CountedAs(RateBucket.Chat)
            .TakesChatBodies()
            .Operation(
                "postChatText",
                "The same as POST /api/chat, answered as plain text.",
                "There is no frame to say in that the answer failed: the connection is cut then."
            )
            .StartsAnswer(Media.Text, Media.Events)
            .Answers<WholeAnswer.Answer>()
            .RefusesTurns();
        chat.MapGet("", ResumeChat.HandleQuery)
            .CountedAs(RateBucket.Follow)
            .Operation(
                "resumeChatByQuery",
                "The answer that is being written in a chat, from its beginning; an empty body when there is none.",
                "For `useChat` of AI SDK 4."
            )
            .Reads(Parameters.ChatId, Parameters.Format)
            .FollowsAnswer(
                "The answer from its beginning, as the data stream; empty when nothing is being written.",
                Media.Text,
                Media.Events
            )
            .Refuses(400, "required", "unknown_format", "duplicate_parameter");
        chat.MapResumeAndStop("");

        var v1 = routes.MapGroup("/api/v1/chat").WithTags("Chat");
        v1.MapPost("", PostV1Chat.Handle)
            .CountedAs(RateBucket.Chat)
            .Takes<PostV1Chat.Request>(tolerant: true)
            .Operation(
                "postV1Chat",
                "Asks a model, and streams its answer as the AI SDK data stream.",
                "A conversation that is not there is begun under the name that the request gives."
            )
            .Example("one message", """{"message":"Hello","conversationId":"my-chat"}""")
            .StartsAnswer(Media.Text, Media.Events)
            .RefusesTurns()
            .Refuses(400, "agent_not_found");
        v1.MapGet("", static (HttpContext http, IDatabase database, ResumeChat resume, ResumeGeneration reading) =>
                http.Request.Query.ContainsKey("chatId") ? ResumeChat.HandleQuery(http, resume, reading) : ListChats.Handle(http, database)
            )
            .CountedAs(RateBucket.Read)
            .Operation("listChats", "Conversations, the newest message first; with chatId the answer that is being written in one.")
            .Reads(Parameters.Limit(50, 100), Parameters.Offset, Parameters.Archived, Parameters.ChatIdToResume)
            .Answers<ListChats.Page>()
            .FollowsAnswer("With `chatId` the answer from its beginning, as the data stream.", Media.Text)
            .Refuses(400, "unknown_parameter", "duplicate_parameter", "out_of_range");
        v1.MapGet("/{id}", GetChat.Handle)
            .CountedAs(RateBucket.Read)
            .Operation("getChat", "A conversation with a page of its messages, the newest first.")
            .Reads(Parameters.ChatIdInPath, Parameters.Limit(50, 200), Parameters.Offset, Parameters.Order)
            .Answers<GetChat.ChatWithMessages>()
            .Refuses(400, "unknown_parameter", "duplicate_parameter", "out_of_range")
            .Refuses(404, "not_found");
        v1.MapDelete("/{id}", ArchiveChat.Handle)
            .CountedAs(RateBucket.Write)
            .Operation("deleteChat", "Archives a conversation: it is out of the list, and kept.")
            .Reads(Parameters.ChatIdInPath)
            .Answers<ArchiveChat.Archived>()
            .Refuses(404, "not_found");
        v1.MapPost("/{id}/archive", ArchiveChat.Handle)
            .CountedAs(RateBucket.Write)
            .TakesNoBody()
            .Operation("archiveChat", "Archives a conversation: it is out of the list, and kept.")
            .Reads(Parameters.ChatIdInPath)
            .Answers<ArchiveChat.Archived>()
            .Refuses(404, "not_found");
        v1.MapResumeAndStop("V1");
    }

    /// <summary>The two routes beside the one that a client posts to.</summary>
    private static void MapResumeAndStop(this RouteGroupBuilder chat, string version)
    {
        chat.MapGet("/{id}/stream", ResumeChat.Handle)
            .CountedAs(RateBucket.Follow)
            .Operation(
                $"resume{version}Chat",
                "The answer that is being written in a chat, from its beginning, under the id that its message has.",
                "For `useChat` of AI SDK 5 to 7. It has no side effects."
            )
            .Reads(Parameters.ChatIdInPath, Parameters.Format)
            .FollowsAnswer("The answer from its beginning, as the UI message stream.", Media.Events, Media.Text)
            .AnswersNothing(204, "Nothing is being written, or there is no such chat.")
            .Refuses(400, "unknown_format", "duplicate_parameter");
        chat.MapPost("/{id}/stop", StopChat.Handle)
            .CountedAs(RateBucket.Follow)
            .TakesNoBody()
            .Operation($"stop{version}Chat", "Stops the answer that is being written in a chat. Leaving does not.")
            .Reads(Parameters.ChatIdInPath)
            .Answers<StopChat.StopResult>()
            .Refuses(404, "not_found");
    }

    private static RouteHandlerBuilder TakesChatBodies(this RouteHandlerBuilder route) =>
        route
            .Takes<SingleMessageChat.Request>()
            .Takes<AiSdkChat.Request>(tolerant: true)
            .Takes<PlainMessagesChat.Request>(tolerant: true)
            .Example("Parley", """{"message":"Hello"}""")
            .Example(
                "AI SDK 5 to 7",
                """{"id":"my-chat","trigger":"submit-message","messages":[{"id":"m1","role":"user","parts":[{"type":"text","text":"Hello"}]}]}"""
            )
            .Example("AI SDK 4", """{"id":"my-older-chat","messages":[{"role":"user","content":"Hello"}]}""")
            .Example("role and content alone", """{"messages":[{"role":"user","content":"Hello"}],"temperature":0.7}""");

    private static RouteHandlerBuilder RefusesTurns(this RouteHandlerBuilder route) =>
        route
            .Reads(Parameters.Format)
            .Refuses(
                400,
                "text_required",
                "required",
                "message_or_messages",
                "invalid_message",
                "too_many_messages",
                "user_message_required",
                "message_not_found",
                "tool_result_required",
                "files_not_supported",
                "conversation_required",
                "invalid_id",
                "out_of_range",
                "model_not_found",
                "unknown_format",
                "duplicate_parameter"
            )
            .Refuses(404, "not_found")
            .Refuses(409, "answer_running", "answer_complete")
            .Refuses(413, "message_too_long", "tool_result_too_long")
            .Refuses(502, "provider_unavailable", "provider_reported_error");
}
