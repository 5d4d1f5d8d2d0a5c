using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Parley.Server.Compatibility.OpenAI.Requests;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Generations;
using Parley.Server.Http;
using Parley.Server.Http.Errors;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary><c>POST /v1/responses</c>: streamed, waited for, or in the background. None of them ends when the client leaves, and each can be gone on with from the number of its last event.</summary>
public static class CreateResponse
{
    /// <summary>What is read of a body, by <see cref="OpenAIResponsesRequest"/>.</summary>
    public sealed record Request(
        [property: Required, Description("`provider/model`, an alias, or `auto`.")] string? Model,
        [property: Required, Description("A string, or items.")] JsonElement? Input,
        string? Instructions,
        [property: JsonPropertyName("previous_response_id"), Description("The Response that this one goes on from.")]
            string? PreviousResponseId,
        bool? Stream,
        [property: Description("Answers at once; the client comes back for the output.")] bool? Background,
        [property: Description("Whether it can be retrieved later. Default true.")] bool? Store,
        [property: Description("Up to 16 pairs of strings.")] JsonElement? Metadata,
        [property: Range(0, 2)] double? Temperature,
        [property: JsonPropertyName("top_p"), Range(0, 1)] double? TopP,
        [property: JsonPropertyName("max_output_tokens")] long? MaxOutputTokens,
        JsonElement? Reasoning,
        JsonElement? Text,
        [property: Description("Functions that the client runs.")] IReadOnlyList<JsonElement>? Tools,
        [property: JsonPropertyName("tool_choice"), Description("`auto`, `none`, `required`, or a function.")] JsonElement? ToolChoice,
        [property: JsonPropertyName("parallel_tool_calls")] bool? ParallelToolCalls
    );

    public static async Task<IResult> Handle(
        HttpContext http,
        GenerationStarter starter,
        ResponseReading responses,
        PromptBuilder asked,
        ModelRouter router,
        IOptions<CompletionOptions> options,
        TimeProvider time
    )
    {
        if ((await StrictJson.ReadRawAsync(http, StrictJson.MostHistoryBytes)).IsBad(out var bad, out var body))
        {
            return bad;
        }

        var known = CurrentUser.Of(http.User);
        if (
            !OpenAIResponsesRequest.TryParse(
                body.Root,
                known is null ? static _ => null : asked.ItemsOf(known.Id),
                out var request,
                out var refusal
            )
        )
        {
            return OpenAIProblems.Of(refusal);
        }

        if (!IdempotencyKeyHeader.TryRead(http, out var key, out var badKey))
        {
            return badKey;
        }

        if (router.Resolve(request.Model) is not { } route)
        {
            return ModelProblems.NotFound(request.Model);
        }

        var user = await http.CurrentUserOrNewAsync(time);
        if (request.PreviousResponseId is { } previous)
        {
            if (responses.Find(user, previous) is not { } before)
            {
                return Problems.Invalid(
                    "previous_response_id",
                    "previous_response_not_found",
                    $"There is no response '{(previous.Length > 64 ? previous[..64] : previous)}' to go on from."
                );
            }

            if (before.Answer.Status == "running")
            {
                return Problems.Invalid(
                    "previous_response_id",
                    "previous_response_not_completed",
                    "The response to go on from is still being written. Wait for it, or cancel it."
                );
            }
        }

        var now = time.GetUtcNow();
        var start = new StartRequest
        {
            TenantId = user.TenantId,
            OwnerId = user.Id,
            Now = now,
            ConversationId = Guid.CreateVersion7(now).ToString(),
            IsNewConversation = true,
            ConversationKind = ConversationKind.Completion,
            ConversationExpiresAt = now + (request.Store ? options.Value.ResponseRetention : options.Value.RetryWindow),
            UserMessageId = "",
            MessageId = Guid.CreateVersion7(now).ToString(),
            GenerationId = Guid.CreateVersion7(now).ToString(),
            Model = route.Id,
            Request = new StoredRequest(StoredRequest.Response, body.Root),
            IdempotencyKey = key,
            Fingerprint = GenerationStarter.Fingerprint("response", body.Root.GetRawText()),
        };
        return await starter.StartAsync(
            http,
            user,
            start,
            route,
            asked.BeforeResponse(request, user.Id),
            null,
            ShapeOf(http, user, request, body, responses),
            request.Options
        );
    }

    private static ResponseMode ShapeOf(
        HttpContext http,
        CurrentUser user,
        OpenAIResponsesRequest request,
        RawBody body,
        ResponseReading responses
    )
    {
        var root = body.Root;
        var model = request.Model;
        if (request.Stream)
        {
            return new ResponseMode
            {
                Stream = info => new ResponseEvents(info, root, null, model),
                PatienceForRefusal = CreateChatCompletion.Patience,
            };
        }

        if (!request.Background)
        {
            return ResponseMode.Json(
                (info, log) => OpenAIProblems.Json(output => ResponseObject.Write(info, log, root, output, model: model))
            );
        }

        return new ResponseMode
        {
            Begun = async info =>
                responses.Find(user, OpenAIIds.OfResponse(info)) is { } found
                    ? await responses.ObjectAsync(found, http.RequestAborted)
                    : Problems.NotFound("response"),
        };
    }
}
