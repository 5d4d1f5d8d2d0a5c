using Parley.Server.Compatibility.Convex.Functions;
using Parley.Server.Compatibility.Convex.Schemas;
using Parley.Server.Compatibility.Convex.Sync;
using Parley.Server.Generations;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Server.RateLimiting;

namespace Parley.Server.Compatibility.Convex;

/// <summary>
/// Text that one client starts and receives over HTTP while others follow it through subscriptions, like
/// <c>@convex-dev/persistent-text-streaming</c>. Convex clients use it like a Convex server.
/// </summary>
public static class TextStreamEndpoints
{
    private static readonly ParameterMetadata ChatId = Parameters.Id("The `chatId` that `POST /chat-stream/create` returned.");

    private static readonly ParameterMetadata StreamId = Parameters.Query(
        "streamId",
        "The `streamId` that `POST /chat-stream/create` returned.",
        Parameters.Uuid,
        true
    );

    private static readonly ParameterMetadata LiveParameter = Parameters.Query(
        "live",
        "Without it the response is the current body. `sse`, or `Accept: text/event-stream`, continues as Server-Sent Events.",
        """{"type":"string","enum":["sse"]}"""
    );

    private static readonly EventSchema BodyEvent = new(
        "StreamBodyEvent",
        """
        {
          "description": "The whole body of a stream.",
          "type": "object", "required": ["text", "status"],
          "properties": { "text": { "type": "string" }, "status": { "enum": ["pending", "streaming", "done", "error", "timeout"] } }
        }
        """
    );

    public static IServiceCollection AddTextStreams(this IServiceCollection services) =>
        services
            .AddSingleton<StreamChats>()
            .AddSingleton<StreamBodies>()
            .AddSingleton<StreamBodyEvents>()
            .AddSingleton<ConvexFunctions>()
            .AddSingleton<SyncHandshake>();

    public static void MapTextStreams(this IEndpointRouteBuilder routes)
    {
        var streams = routes
            .MapGroup("/chat-stream")
            .WithTag("Text streams", "A chat whose generation one request starts and receives as raw text, while all others watch.");
        streams
            .MapPost("", DriveStreamChat.Handle)
            .WithName("driveTextStream")
            .WithSummary("Starts a stream's generation, and streams its text.")
            .WithDescription(
                "Only one request can start a stream. When the model fails the connection is closed without the end of the response."
            )
            .WithRateLimitPolicy(RateLimitPolicies.Chat)
            .AcceptsJson<DriveStreamChat.Request>(isTolerant: true)
            .ProducesText("The text. The generation continues when the client disconnects.", Media.Text)
            .WithResponseHeaders([200], GenerationDescriptions.Headers)
            .ProducesNoBody(205, "The stream was already started, or cannot be started: read its body instead.")
            .ProducesError(400, ErrorCodes.Required, ErrorCodes.ModelNotFound)
            .ProducesError(429, ErrorCodes.TooManyAnswers)
            .ProducesError(503, ErrorCodes.Overloaded, ErrorCodes.Restarting);
        streams
            .MapPost("/create", CreateStreamChat.Handle)
            .WithName("createTextStream")
            .WithSummary("Stores a chat, and returns the stream that answers it.")
            .WithDescription("The stream can be started for twenty minutes.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .AcceptsJson<CreateStreamChat.Request>()
            .WithExample("a chat", """{"prompt":"Explain quantum computing","title":"Quantum computing"}""")
            .ProducesCreated<CreateStreamChat.Created>()
            .ProducesError(400, ErrorCodes.TextRequired, ErrorCodes.TitleTooLong, ErrorCodes.ModelNotFound)
            .ProducesError(403, ErrorCodes.NotYours)
            .ProducesError(409, ErrorCodes.ConversationChanged)
            .ProducesError(413, ErrorCodes.MessageTooLong);
        streams
            .MapGet("/body", GetStreamBody.Handle)
            .WithName("getTextStreamBody")
            .WithSummary("Returns a stream's text and status, once or whenever they change.")
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .WithMetadata(new QueryCredentials(static _ => null))
            .WithParameters(StreamId, LiveParameter)
            .Produces<StreamBodyView>()
            .ProducesText("With `live=sse`: events.", Media.Events)
            .ProducesEvents(BodyEvent)
            .ProducesError(400, ErrorCodes.Required, ErrorCodes.InvalidLive, ErrorCodes.DuplicateParameter)
            .ProducesError(404, ErrorCodes.NotFound);
        streams
            .MapGet("/chats", ListStreamChats.Handle)
            .WithName("listTextStreamChats")
            .WithSummary("Lists chats as rows, newest first.")
            .WithDescription("The list ends early when its prompts together exceed 4 MiB.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(Parameters.Limit(ListStreamChats.DefaultLimit, ListStreamChats.MaxLimit), Parameters.UserId)
            .Produces<ListStreamChats.Page>()
            .WithJsonFormat(StreamChatRow.Json)
            .ProducesError(400, ErrorCodes.UnknownParameter, ErrorCodes.DuplicateParameter, ErrorCodes.OutOfRange)
            .ProducesError(403, ErrorCodes.NotYours);
        streams
            .MapGet("/chats/{id}", GetStreamChat.Handle)
            .WithName("getTextStreamChat")
            .WithSummary("Returns a chat as a row.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .WithParameters(ChatId)
            .Produces<StreamChatRow>()
            .WithJsonFormat(StreamChatRow.Json)
            .ProducesError(404, ErrorCodes.NotFound);
        streams
            .MapPost("/chats/{id}/status", SetStreamChatStatus.Handle)
            .WithName("setTextStreamChatStatus")
            .WithSummary("Sets the status of a chat, where its generation allows it.")
            .WithDescription(
                "The status follows the generation: a chat whose stream was never started can be set to `error`, and can then no longer be started. Otherwise only the current status can be set."
            )
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .AcceptsJson<SetStreamChatStatus.Request>()
            .WithParameters(ChatId)
            .Produces<StreamChatRow>()
            .WithJsonFormat(StreamChatRow.Json)
            .ProducesError(400, ErrorCodes.InvalidStatus)
            .ProducesError(404, ErrorCodes.NotFound)
            .ProducesError(409, ErrorCodes.StatusFollowsAnswer);
        streams
            .MapDelete("/chats/{id}", DeleteStreamChat.Handle)
            .WithName("deleteTextStreamChat")
            .WithSummary("Permanently deletes a chat; a running generation is ended.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .WithParameters(ChatId)
            .ProducesNoBody(204, "The chat was deleted.")
            .ProducesError(404, ErrorCodes.NotFound);

        var convex = routes
            .MapGroup("/api")
            .WithTag(
                "Convex",
                "The functions of text streams, as Convex clients call them. They also subscribe to them, at the WebSocket `/api/{version}/sync`."
            );
        convex
            .MapPost("/query", RunQuery.Handle)
            .WithName("runQuery")
            .WithSummary("Runs a query.")
            .WithDescription("`getChat`, `getChatBody` or `listChats`, of any module.")
            .WithRateLimitPolicy(RateLimitPolicies.Read)
            .AcceptsJson<RunQuery.Request>(isTolerant: true)
            .CallsFunction()
            .WithExample("a list", """{"path":"ai_chat:listChats","args":[{"limit":10}],"format":"json"}""");
        convex
            .MapPost("/mutation", RunMutation.Handle)
            .WithName("runMutation")
            .WithSummary("Runs a mutation.")
            .WithDescription("`createChat`, `updateChatStatus` or `deleteChat`, of any module.")
            .WithRateLimitPolicy(RateLimitPolicies.Write)
            .AcceptsJson<RunMutation.Request>(isTolerant: true)
            .CallsFunction()
            .WithExample("a chat", """{"path":"ai_chat:createChat","args":[{"prompt":"Hello"}],"format":"json"}""");
        convex
            .MapPost("/action", RunAction.Handle)
            .WithName("runAction")
            .WithSummary("Responds that there are no actions.")
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .AcceptsNoBody()
            .Produces<FunctionCall.Failed>();

        // A WebSocket, which OpenAPI cannot describe.
        convex
            .MapSync()
            .WithRateLimitPolicy(RateLimitPolicies.Follow)
            .WithMetadata(new RequestBodyMetadata(null))
            .ExcludeFromDescription();
    }

    private static RouteHandlerBuilder CallsFunction(this RouteHandlerBuilder route) =>
        route
            .Produces<FunctionCall.Succeeded>()
            .Produces<FunctionCall.Failed>("The function failed.", FunctionCall.FunctionFailed)
            .ProducesError(400, ErrorCodes.Required);

    private static IEndpointConventionBuilder MapSync(this IEndpointRouteBuilder routes)
    {
        // Over HTTP/2 the handshake is a CONNECT request.
        var handshake = routes.CreateApplicationBuilder().UseWebSockets();
        handshake.Run(static http => http.RequestServices.GetRequiredService<SyncHandshake>().AnswerAsync(http));
        return routes.MapMethods("/{version}/sync", ["GET", "CONNECT"], handshake.Build());
    }
}
