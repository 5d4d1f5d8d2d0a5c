using Parley.Server.Compatibility.Convex.Functions;
using Parley.Server.Compatibility.Convex.Sync;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Compatibility.Convex;

/// <summary>
/// Text that one client drives over HTTP and all others watch: raw text for the driver, subscriptions for the rest, as <c>@convex-dev/persistent-text-streaming</c> has it. Convex clients speak to it as to
/// their own server.
/// </summary>
public static class TextStreamEndpoints
{
    public static IServiceCollection AddTextStreams(this IServiceCollection services) =>
        services
            .AddSingleton<StreamChats>()
            .AddSingleton<StreamBodies>()
            .AddSingleton<LiveBody>()
            .AddSingleton<ConvexFunctions>()
            .AddSingleton<SyncHandshake>();

    public static void MapTextStreams(this IEndpointRouteBuilder routes)
    {
        var streams = routes.MapGroup("/chat-stream").WithTags("Text streams");
        streams
            .MapPost("", DriveStreamChat.Handle)
            .CountedAs(RateBucket.Chat)
            .Takes<DriveStreamChat.Request>(tolerant: true)
            .Operation(
                "driveTextStream",
                "Begins a stream's answer, and writes its text as it comes.",
                "One request drives a stream. Where the model fails the connection is cut."
            )
            .Streams("The text. Leaving does not end it.", [Media.Text], OperationExtensions.AnswerHeaders)
            .AnswersNothing(205, "Another request drives it or has driven it, or it cannot be driven: look at its body instead.")
            .Refuses(400, "required", "model_not_found")
            .Refuses(429, "too_many_answers")
            .Refuses(503, "overloaded", "restarting");
        streams
            .MapPost("/create", CreateStreamChat.Handle)
            .CountedAs(RateBucket.Write)
            .Takes<CreateStreamChat.Request>()
            .Operation(
                "createTextStream",
                "Stores a chat, and names the stream that answers it.",
                "The stream can be driven for twenty minutes."
            )
            .Example("a chat", """{"prompt":"Explain quantum computing","title":"Quantum computing"}""")
            .Creates<CreateStreamChat.Created>()
            .Refuses(400, "text_required", "title_too_long", "model_not_found")
            .Refuses(403, "not_yours")
            .Refuses(409, "conversation_changed")
            .Refuses(413, "message_too_long");
        streams
            .MapGet("/body", GetStreamBody.Handle)
            .CountedAs(RateBucket.Follow)
            .WithMetadata(new QueryCredentials(static _ => null))
            .Operation("getTextStreamBody", "A stream's text and status, now, or each time that they change.")
            .Reads(Parameters.TextStreamId, Parameters.LiveBody)
            .Answers<StreamBodyView>()
            .Streams("With `live=sse`: events.", [Media.Events])
            .Sends(EventSchemas.StreamBody)
            .Refuses(400, "required", "invalid_live", "duplicate_parameter")
            .Refuses(404, "not_found");
        streams
            .MapGet("/chats", ListStreamChats.Handle)
            .CountedAs(RateBucket.Read)
            .Operation(
                "listTextStreamChats",
                "Chats as rows, newest first.",
                "A list whose prompts together have more than 4 MiB is shorter."
            )
            .Reads(Parameters.Limit(ListStreamChats.Usual, ListStreamChats.Most), Parameters.UserId)
            .Answers<ListStreamChats.Page>(json: StreamChatRow.Json)
            .Refuses(400, "unknown_parameter", "duplicate_parameter", "out_of_range")
            .Refuses(403, "not_yours");
        streams
            .MapGet("/chats/{id}", GetStreamChat.Handle)
            .CountedAs(RateBucket.Read)
            .Operation("getTextStreamChat", "A chat as a row.")
            .Reads(Parameters.StreamChatId)
            .Answers<StreamChatRow>(json: StreamChatRow.Json)
            .Refuses(404, "not_found");
        streams
            .MapPost("/chats/{id}/status", SetStreamChatStatus.Handle)
            .CountedAs(RateBucket.Write)
            .Takes<SetStreamChatStatus.Request>()
            .Operation(
                "setTextStreamChatStatus",
                "Takes over a status, where the answer allows it.",
                "The status follows the answer: a chat that nobody has driven can be made `error`, and is not driven then; otherwise it can only be set to what it is."
            )
            .Reads(Parameters.StreamChatId)
            .Answers<StreamChatRow>(json: StreamChatRow.Json)
            .Refuses(400, "invalid_status")
            .Refuses(404, "not_found")
            .Refuses(409, "status_follows_answer");
        streams
            .MapDelete("/chats/{id}", DeleteStreamChat.Handle)
            .CountedAs(RateBucket.Write)
            .Operation("deleteTextStreamChat", "Deletes a chat with all that belongs to it, and ends its answer.")
            .Reads(Parameters.StreamChatId)
            .AnswersNothing(204, "It is gone.")
            .Refuses(404, "not_found");

        var convex = routes.MapGroup("/api").WithTags("Convex");
        convex
            .MapPost("/query", RunQuery.Handle)
            .CountedAs(RateBucket.Read)
            .Takes<RunQuery.Request>(tolerant: true)
            .Operation("runQuery", "Runs a query.", "`getChat`, `getChatBody` or `listChats`, of any module.")
            .CallsFunction()
            .Example("a list", """{"path":"ai_chat:listChats","args":[{"limit":10}],"format":"json"}""");
        convex
            .MapPost("/mutation", RunMutation.Handle)
            .CountedAs(RateBucket.Write)
            .Takes<RunMutation.Request>(tolerant: true)
            .Operation("runMutation", "Runs a mutation.", "`createChat`, `updateChatStatus` or `deleteChat`, of any module.")
            .CallsFunction()
            .Example("a chat", """{"path":"ai_chat:createChat","args":[{"prompt":"Hello"}],"format":"json"}""");
        convex
            .MapPost("/action", RunAction.Handle)
            .CountedAs(RateBucket.Follow)
            .TakesNoBody()
            .Operation("runAction", "Says that there are no actions.")
            .Answers<FunctionCall.Failed>();

        // A WebSocket, which the API's description has no words for.
        convex.MapSync().CountedAs(RateBucket.Follow).WithMetadata(new RequestBodyMetadata(null)).ExcludeFromDescription();
    }

    private static RouteHandlerBuilder CallsFunction(this RouteHandlerBuilder route) =>
        route
            .Answers<FunctionCall.Succeeded>()
            .Answers<FunctionCall.Failed>(FunctionCall.FunctionFailed, "The function failed.")
            .Refuses(400, "required");

    private static IEndpointConventionBuilder MapSync(this IEndpointRouteBuilder routes)
    {
        // A handshake over HTTP/2 is a CONNECT.
        var handshake = routes.CreateApplicationBuilder().UseWebSockets();
        handshake.Run(static http => http.RequestServices.GetRequiredService<SyncHandshake>().AnswerAsync(http));
        return routes.MapMethods("/{version}/sync", ["GET", "CONNECT"], handshake.Build());
    }
}
