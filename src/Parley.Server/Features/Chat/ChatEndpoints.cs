using Parley.Server.Answers;
using Parley.Server.Data;
using Parley.Server.Http;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.Chat;

public static class ChatEndpoints
{
    public static IServiceCollection AddChat(this IServiceCollection services, IConfiguration configuration) =>
        services.Configure<ChatBodyOptions>(configuration.GetSection("Chat")).AddSingleton<MessageTurn>().AddSingleton<HistoryTurn>().AddSingleton<SeedTurn>().AddSingleton<ResumeChat>();

    public static void MapChat(this IEndpointRouteBuilder routes)
    {
        var chat = routes.MapGroup("/api/chat").WithTags("Chat");
        chat.MapPost("", PostChat.Handle).CountedAs(RateBucket.Chat).TakesChatBodies();
        chat.MapPost("/text", PostChat.HandleText).CountedAs(RateBucket.Chat).TakesChatBodies();
        chat.MapGet("", ResumeChat.HandleQuery).CountedAs(RateBucket.Follow);
        chat.MapGet("/{id}/stream", ResumeChat.Handle).CountedAs(RateBucket.Follow);
        chat.MapPost("/{id}/stop", StopChat.Handle).CountedAs(RateBucket.Follow).TakesNoBody();

        var v1 = routes.MapGroup("/api/v1/chat").WithTags("Chat");
        v1.MapPost("", PostV1Chat.Handle).CountedAs(RateBucket.Chat).Takes<PostV1Chat.Request>(tolerant: true);
        v1.MapGet("", static (HttpContext http, ParleyDbContext db, ResumeChat resume, AnswerReading reading) =>
            http.Request.Query.ContainsKey("chatId") ? ResumeChat.HandleQuery(http, resume, reading) : ListChats.Handle(http, db)).CountedAs(RateBucket.Read);
        v1.MapGet("/{id}", GetChat.Handle).CountedAs(RateBucket.Read);
        v1.MapDelete("/{id}", ArchiveChat.Handle).CountedAs(RateBucket.Write);
        v1.MapPost("/{id}/archive", ArchiveChat.Handle).CountedAs(RateBucket.Write).TakesNoBody();
        v1.MapGet("/{id}/stream", ResumeChat.Handle).CountedAs(RateBucket.Follow);
        v1.MapPost("/{id}/stop", StopChat.Handle).CountedAs(RateBucket.Follow).TakesNoBody();
    }

    private static void TakesChatBodies(this RouteHandlerBuilder route) =>
        route.Takes<MessageTurn.Request>().Takes<HistoryTurn.Request>(tolerant: true).Takes<SeedTurn.Request>(tolerant: true);
}
