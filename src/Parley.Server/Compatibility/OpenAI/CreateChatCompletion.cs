using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using Parley.Server.Compatibility.OpenAI.Requests;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Generations;
using Parley.Server.Generations.Commands;
using Parley.Server.Http;
using Parley.Server.Http.Json;
using Parley.Server.Http.Streaming;
using Parley.Server.Identity;
using Parley.Server.OpenApi;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>
/// <c>POST /v1/chat/completions</c>. The answer is a generation like any other: its id is in <c>X-Generation-Id</c>, where its log can be followed from a position, and a retry with the same
/// <c>Idempotency-Key</c> attaches to it.
/// </summary>
public static class CreateChatCompletion
{
    /// <summary>Clients handle a refusal of the model by its status (they wait, and ask again), not inside a stream. A model that has begun is not waited for.</summary>
    internal static readonly TimeSpan RefusalWait = TimeSpan.FromSeconds(5);

    /// <summary>What is read of a body, by <see cref="OpenAIChatRequest"/>.</summary>
    public sealed record Request(
        [property: SchemaRequired, Description("`provider/model`, an alias, or `auto`.")] string? Model,
        [property: SchemaRequired, SchemaType(typeof(IReadOnlyList<ChatCompletionMessage>))] IReadOnlyList<JsonElement>? Messages,
        bool? Stream,
        [property: JsonPropertyName("stream_options"), Description("`include_usage: true` ends a stream with the usage.")]
            JsonElement? StreamOptions,
        [property: Description("Stores the messages as a conversation, which is listed.")] bool? Store,
        [property: Description("Up to 16 pairs of strings.")] JsonElement? Metadata,
        [property: SchemaRange(0, 2)] double? Temperature,
        [property: JsonPropertyName("top_p"), SchemaRange(0, 1)] double? TopP,
        [property: JsonPropertyName("max_tokens")] long? MaxTokens,
        [property: JsonPropertyName("max_completion_tokens")] long? MaxCompletionTokens,
        [property: JsonPropertyName("frequency_penalty"), SchemaRange(-2, 2)] double? FrequencyPenalty,
        [property: JsonPropertyName("presence_penalty"), SchemaRange(-2, 2)] double? PresencePenalty,
        long? Seed,
        [property: Description("A string, or up to four.")] JsonElement? Stop,
        [property: JsonPropertyName("reasoning_effort"), SchemaValues("none", "minimal", "low", "medium", "high", "xhigh", "max")]
            string? ReasoningEffort,
        [property: JsonPropertyName("response_format"), Description("`text`, `json_object` or `json_schema`.")] JsonElement? ResponseFormat,
        [property: Description("Functions that the client runs.")] IReadOnlyList<JsonElement>? Tools,
        [property: JsonPropertyName("tool_choice"), Description("`auto`, `none`, `required`, or a function.")] JsonElement? ToolChoice,
        [property: JsonPropertyName("parallel_tool_calls")] bool? ParallelToolCalls
    );

    public static async Task<IResult> Handle(
        HttpContext http,
        GenerationStarter starter,
        ModelRouter router,
        IOptions<CompletionOptions> options,
        TimeProvider time
    )
    {
        if ((await StrictJson.ReadRawAsync(http, StrictJson.MaxHistoryBytes)).IsBad(out var bad, out var body))
        {
            return bad;
        }

        if (!OpenAIChatRequest.TryParse(body.Root, out var request, out var refusal))
        {
            return OpenAIProblems.Of(refusal);
        }

        if (!IdempotencyKeyHeader.TryRead(http, out var key, out var badKey))
        {
            return badKey;
        }

        if (ModelChoice.Of(router, request.Model) is not { } choice)
        {
            return ModelProblems.NotFound(request.Model);
        }

        var user = await http.CurrentUserOrNewAsync(time);
        var now = time.GetUtcNow();
        var last = request.Messages[^1];
        var isListed = request.Store && last.Role == ChatRole.User && last.Text.Length > 0;
        var retention = body.Has("store") && !request.Store ? options.Value.RetryWindow : options.Value.Retention;
        var command = new BeginConversation
        {
            Owner = user.Owner,
            Now = now,
            ChooseModel = choice,
            IdempotencyKey = key,
            Fingerprint = GenerationStarter.Fingerprint("chat.completion", body.Root.GetRawText()),
            Request = new StoredRequest(StoredRequest.ChatCompletion, body.Root),
            Conversation = isListed
                ? new NewConversation(null, ConversationKind.Chat, null, [.. request.Messages.SkipLast(1).Where(IsShown).Select(Earlier)])
                : new NewConversation(null, ConversationKind.Completion, now + retention, []),
            Message = isListed ? new NewMessage(last.Text) : null,
        };
        var tools = request.DeclaredTools;
        var model = request.Model;
        ResponseMode mode = request.Stream
            ? ResponseMode.Streamed(info => new ChatCompletionChunks(info, request.IncludeUsage, tools, model)) with
            {
                RefusalWait = RefusalWait,
            }
            : new ResponseMode.Json(
                (info, log) => OpenAIProblems.Json(output => ChatCompletionObject.Write(info, log, tools, output, model))
            );
        return await starter.StartAsync(http, command, mode, new Prompt(request.Messages, request.Options));
    }

    private static EarlierMessage Earlier(ChatMessage message) =>
        new(message.Role == ChatRole.User || message.Role == ChatRole.Assistant ? message.Role.Value : "system", message.Text);

    private static bool IsShown(ChatMessage message) => message.Text.Length > 0 && message.Role != ChatRole.Tool;
}
