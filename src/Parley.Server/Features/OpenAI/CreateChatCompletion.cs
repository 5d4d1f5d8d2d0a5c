using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using Parley.Server.Answers;
using Parley.Server.Data;
using Parley.Server.Http;
using Parley.Server.Identity;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Features.OpenAI;

/// <summary>
/// <c>POST /v1/chat/completions</c>. The answer is a generation like any other: its id is in <c>X-Generation-Id</c>, where its log can be followed from a position, and a retry with the same
/// <c>Idempotency-Key</c> attaches to it.
/// </summary>
public static class CreateChatCompletion
{
    /// <summary>Clients handle a refusal of the model by its status (they wait, and ask again), not inside a stream. A model that has begun is not waited for.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What is read of a body, by <see cref="OpenAIChatRequest"/>.</summary>
    public sealed record Request(
        string? Model, IReadOnlyList<JsonElement>? Messages, bool? Stream, [property: JsonPropertyName("stream_options")] JsonElement? StreamOptions, bool? Store, JsonElement? Metadata,
        double? Temperature, [property: JsonPropertyName("top_p")] double? TopP, [property: JsonPropertyName("max_tokens")] long? MaxTokens,
        [property: JsonPropertyName("max_completion_tokens")] long? MaxCompletionTokens, [property: JsonPropertyName("frequency_penalty")] double? FrequencyPenalty,
        [property: JsonPropertyName("presence_penalty")] double? PresencePenalty, long? Seed, JsonElement? Stop, [property: JsonPropertyName("reasoning_effort")] string? ReasoningEffort,
        [property: JsonPropertyName("response_format")] JsonElement? ResponseFormat, IReadOnlyList<JsonElement>? Tools, [property: JsonPropertyName("tool_choice")] JsonElement? ToolChoice,
        [property: JsonPropertyName("parallel_tool_calls")] bool? ParallelToolCalls);

    public static async Task<IResult> Handle(HttpContext http, AnswerStarter starter, ModelRouter router, IOptions<CompletionOptions> options, TimeProvider time)
    {
        if ((await StrictJson.ReadRawAsync(http, StrictJson.MostHistoryBytes)).IsBad(out var bad, out var body)) return bad;
        if (!OpenAIChatRequest.TryParse(body.Root, out var request, out var refusal)) return OpenAIProblems.Of(refusal);
        if (!IdempotencyKeyHeader.TryRead(http, out var key, out var badKey)) return badKey;
        if (router.Resolve(request.Model) is not { } route) return ModelProblems.NotFound(request.Model);

        var user = await http.CurrentUserOrNewAsync(time);
        var now = time.GetUtcNow();
        var last = request.Messages[^1];
        var visible = request.Store && last.Role == ChatRole.User && last.Text.Length > 0;
        var start = new AnswerStart
        {
            TenantId = user.TenantId,
            OwnerId = user.Id,
            Now = now,
            ConversationId = Guid.CreateVersion7(now).ToString(),
            IsNewConversation = true,
            ConversationKind = visible ? ConversationKind.Chat : ConversationKind.Completion,
            ConversationExpiresAt = visible ? null : now + (body.Has("store") && !request.Store ? options.Value.RetryWindow : options.Value.Retention),
            Earlier = visible ? [.. request.Messages.SkipLast(1).Where(IsShown).Select(message => new EarlierMessage(message.Role == ChatRole.User || message.Role == ChatRole.Assistant ? message.Role.Value : "system", message.Text))] : [],
            UserText = visible ? last.Text : null,
            UserMessageId = Guid.CreateVersion7(now).ToString(),
            MessageId = Guid.CreateVersion7(now).ToString(),
            GenerationId = Guid.CreateVersion7(now).ToString(),
            Model = route.Id,
            Request = new AskedRequest(AskedRequest.ChatCompletion, body.Root),
            IdempotencyKey = key,
            Fingerprint = AnswerStarter.Fingerprint("chat.completion", body.Root.GetRawText()),
        };
        var tools = request.DeclaredTools;
        var model = request.Model;
        var shape = request.Stream
            ? new AnswerShape { Stream = info => new ChatCompletionChunks(info, request.IncludeUsage, tools, model), PatienceForRefusal = Patience }
            : AnswerShape.Json((info, log) => OpenAIProblems.Json(output => ChatCompletionObject.Write(info, log, tools, output, model)));
        return await starter.StartAsync(http, user, start, route, request.Messages, null, shape, request.Options);
    }

    private static bool IsShown(ChatMessage message) => message.Text.Length > 0 && message.Role != ChatRole.Tool;
}
