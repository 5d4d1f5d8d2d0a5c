using Parley.Server.Features.TextStreams.Convex;
using Parley.Server.Http;
using Parley.Server.Identity;
using Parley.Server.RateLimiting;

namespace Parley.Server.Features.TextStreams;

/// <summary>
/// Text that one client drives over HTTP and all others watch: raw text for the driver, subscriptions for the rest, as <c>@convex-dev/persistent-text-streaming</c> has it. Convex clients speak to it as to
/// their own server.
/// </summary>
public static class TextStreamEndpoints
{
    public static IServiceCollection AddTextStreams(this IServiceCollection services) =>
        services.AddSingleton<StreamChats>().AddSingleton<StreamBodies>().AddSingleton<LiveBody>().AddSingleton<ConvexFunctions>().AddSingleton<SyncHandshake>();

    public static void MapTextStreams(this IEndpointRouteBuilder routes)
    {
        var streams = routes.MapGroup("/chat-stream").WithTags("Text streams");
        streams.MapPost("", DriveStreamChat.Handle).CountedAs(RateBucket.Chat).Takes<DriveStreamChat.Request>(tolerant: true);
        streams.MapPost("/create", CreateStreamChat.Handle).CountedAs(RateBucket.Write).Takes<CreateStreamChat.Request>();
        streams.MapGet("/body", GetStreamBody.Handle).CountedAs(RateBucket.Follow).WithMetadata(new QueryCredentials(static _ => null));
        streams.MapGet("/chats", ListStreamChats.Handle).CountedAs(RateBucket.Read);
        streams.MapGet("/chats/{id}", GetStreamChat.Handle).CountedAs(RateBucket.Read);
        streams.MapPost("/chats/{id}/status", SetStreamChatStatus.Handle).CountedAs(RateBucket.Write).Takes<SetStreamChatStatus.Request>();
        streams.MapDelete("/chats/{id}", DeleteStreamChat.Handle).CountedAs(RateBucket.Write);

        var convex = routes.MapGroup("/api").WithTags("Convex");
        convex.MapPost("/query", CallFunction.HandleQuery).CountedAs(RateBucket.Read).Takes<CallFunction.Request>(tolerant: true);
        convex.MapPost("/mutation", CallFunction.HandleMutation).CountedAs(RateBucket.Write).Takes<CallFunction.Request>(tolerant: true);
        convex.MapPost("/action", (Delegate)CallFunction.HandleAction).CountedAs(RateBucket.Read).Takes<CallFunction.Request>(tolerant: true);
        convex.MapSync().CountedAs(RateBucket.Follow);
    }

    private static IEndpointConventionBuilder MapSync(this IEndpointRouteBuilder routes)
    {
        // A handshake over HTTP/2 is a CONNECT.
        var handshake = routes.CreateApplicationBuilder().UseWebSockets();
        handshake.Run(static http => http.RequestServices.GetRequiredService<SyncHandshake>().AnswerAsync(http));
        return routes.MapMethods("/{version}/sync", ["GET", "CONNECT"], handshake.Build());
    }
}
