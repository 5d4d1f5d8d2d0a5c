using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using Parley.Server.Compatibility.OpenAI.Requests;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Generations;
using Parley.Server.Generations.Commands;
using Parley.Server.Http;
using Parley.Server.Http.Json;
using Parley.Server.Identity;
using Parley.Streaming.Routing;
using Parley.Streaming.WireFormats.OpenAI;

namespace Parley.Server.Compatibility.OpenAI;

/// <summary>
/// <c>POST /v1/chat/completions</c>. It starts a generation like any other: its id is in <c>X-Generation-Id</c>, it can be followed from a
/// position, and a retry with the same <c>Idempotency-Key</c> attaches to it.
/// </summary>
public static class CreateChatCompletion
{
    /// <summary>
    /// How long to wait for the model to refuse, as clients handle a status (they retry) but not an error in a stream. Content ends the
    /// wait.
    /// </summary>
    internal static readonly TimeSpan RefusalWait = TimeSpan.FromSeconds(5);

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
            return ModelProblems.NotFound(router, request.Model);
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
