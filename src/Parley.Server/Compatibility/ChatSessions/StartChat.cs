using System.ComponentModel;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Streaming.Routing;

namespace Parley.Server.Compatibility.ChatSessions;

/// <summary><c>POST /chat/start</c>: stores a message, and returns the session whose stream answers it.</summary>
public static class StartChat
{
    /// <summary>How long the generation of a session can be started.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    public sealed record Request(
        [property: SchemaRequired, Description("`provider/model`, an alias or `auto`.")] string? ModelId,
        [property: SchemaRequired] string? Prompt,
        [property: Description(
            "The conversation's id, or the client's name for it; a conversation that does not exist is created with that name."
        )]
            string? ChatId,
        string? ProjectId,
        string? TaskId
    );

    public sealed record Started(string SessionId, string ChatId, DateTimeOffset ExpiresAt);

    public static async Task<IResult> Handle(HttpContext http, ChatStore store, ModelRouter router, ChangeFeed feed, TimeProvider time)
    {
        if ((await StrictJson.ReadAsync<Request>(http)).IsBad(out var bad, out var request))
        {
            return bad;
        }

        if (TextValidation.CheckMessage("prompt", request.Prompt) is { } badText)
        {
            return badText;
        }

        if (request.ModelId is null)
        {
            return Problems.Invalid(
                "modelId",
                ErrorCodes.Required,
                "modelId is required: the model to use, or auto for the server's default."
            );
        }

        if (request.ChatId is not null && ClientNames.Check("chatId", request.ChatId) is { } badName)
        {
            return badName;
        }

        if (request.ProjectId is { Length: > 128 })
        {
            return Problems.Invalid("projectId", ErrorCodes.TooLong, "projectId may have at most 128 characters.");
        }

        if (request.TaskId is { Length: > 128 })
        {
            return Problems.Invalid("taskId", ErrorCodes.TooLong, "taskId may have at most 128 characters.");
        }

        if (router.Resolve(request.ModelId) is not { } route)
        {
            return ModelProblems.NotFound(router, request.ModelId) with { Field = "modelId" };
        }

        var user = await http.CurrentUserOrNewAsync(time);
        var turn = new DeferredTurn(ChatSessionKind.Session, request.Prompt!, route.Id, Lifetime)
        {
            Conversation = request.ChatId,
            ProjectId = request.ProjectId,
            TaskId = request.TaskId,
        };
        var (session, refusal) = await store.StoreTurnAsync(user.Owner, turn, time.GetUtcNow());
        if (session is null)
        {
            return refusal!.ToProblem();
        }

        feed.Changed(user.Owner, session.ConversationId);
        return Results.Json(
            new Started(session.Id, request.ChatId ?? session.ConversationId, session.ExpiresAt),
            ApiJson.Options,
            statusCode: StatusCodes.Status201Created
        );
    }
}
