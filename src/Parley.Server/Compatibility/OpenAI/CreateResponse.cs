using Microsoft.Extensions.Options;
using Parley.Server.Compatibility.OpenAI.Requests;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Generations;
using Parley.Server.Generations.Commands;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>
/// <c>POST /v1/responses</c>: streamed, synchronous, or in the background. The generation continues when the client disconnects, and can be
/// resumed after any event.
/// </summary>
public static class CreateResponse
{
    public static async Task<IResult> Handle(
        HttpContext http,
        GenerationStarter starter,
        ResponseReader responses,
        StoredResponses stored,
        ModelRouter router,
        IOptions<CompletionOptions> options,
        TimeProvider time
    )
    {
        if ((await StrictJson.ReadRawAsync(http, StrictJson.MaxHistoryBytes)).IsBad(out var bad, out var body))
        {
            return bad;
        }

        var known = CurrentUser.Of(http.User);
        var items = known is null
            ? []
            : await stored.ItemsAsync(OpenAIResponsesRequest.ReferencedItems(body.Root), known.Owner, http.RequestAborted);
        if (!OpenAIResponsesRequest.TryParse(body.Root, id => items.GetValueOrDefault(id), out var request, out var refusal))
        {
            return OpenAIProblems.Of(refusal);
        }

        if (!IdempotencyKeyHeader.TryRead(http, out var key, out var badKey))
        {
            return badKey;
        }

        if (ModelChoice.Of(router, request.Model) is not { } choice)
        {
            return ModelProblems.NotFound(router, request.Model);
        }

        var user = await http.CurrentUserOrNewAsync(time);
        if (
            request.PreviousResponseId is { } previous
            && CheckPrevious(previous, await responses.FindAsync(user, previous, http.RequestAborted)) is { } badPrevious
        )
        {
            return badPrevious;
        }

        var now = time.GetUtcNow();
        var command = new BeginConversation
        {
            Owner = user.Owner,
            Now = now,
            ChooseModel = choice,
            IdempotencyKey = key,
            Fingerprint = GenerationStarter.Fingerprint("response", body.Root.GetRawText()),
            Request = new StoredRequest(StoredRequest.Response, body.Root),
            Conversation = new NewConversation(
                null,
                ConversationKind.Completion,
                now + (request.Store ? options.Value.ResponseRetention : options.Value.RetryWindow),
                []
            ),
        };
        var prompt = await stored.PromptAsync(request, user.Owner, http.RequestAborted);
        return await starter.StartAsync(http, command, ModeOf(http, user, request, body, responses), prompt);
    }

    private static Problem? CheckPrevious(string id, FoundResponse? found) =>
        found switch
        {
            null => Problems.Invalid(
                "previous_response_id",
                OpenAIErrorCodes.PreviousResponseNotFound,
                $"There is no response '{(id.Length > 64 ? id[..64] : id)}' to continue."
            ),
            { Generation.IsRunning: true } => Problems.Invalid(
                "previous_response_id",
                OpenAIErrorCodes.PreviousResponseNotCompleted,
                "The response to continue is still running. Wait for it, or cancel it."
            ),
            _ => null,
        };

    private static ResponseMode ModeOf(
        HttpContext http,
        CurrentUser user,
        OpenAIResponsesRequest request,
        RawBody body,
        ResponseReader responses
    )
    {
        var root = body.Root;
        var model = request.Model;
        if (request.Stream)
        {
            return ResponseMode.Streamed(info => new ResponseEvents(info, root, null, model)) with
            {
                RefusalWait = CreateChatCompletion.RefusalWait,
            };
        }

        if (!request.Background)
        {
            return new ResponseMode.Json(
                (info, log) => OpenAIProblems.Json(output => ResponseObject.Write(info, log, root, output, model: model))
            );
        }

        return new ResponseMode.Background(async info =>
            await responses.FindAsync(user, OpenAIIds.OfResponse(info), http.RequestAborted) is { } found
                ? await responses.ObjectAsync(found, http.RequestAborted)
                : Problems.NotFound("response")
        );
    }
}
