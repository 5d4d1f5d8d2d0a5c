using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Demo;

/// <summary>
/// <c>demo/scripted</c>: does what a <c>#script</c> line in the question says, always the same way, one delta per token,
/// and continues exactly where a trailing assistant message ends. For tests, demonstrations and load.
/// </summary>
public sealed class ScriptedChatClient(TimeProvider time) : IChatClient
{
    public const string ModelId = "demo/scripted";
    private const string Provider = "demo";
    private static readonly TimeSpan StallLimit = new ProviderTimeouts().Idle;
    private static readonly string[] ToolArguments = ["{\"city\":", "\"Par", "is\"}"];
    private static readonly JsonElement ToolResult = JsonElement.Parse("""{"city":"Paris","temperature":18,"unit":"°C"}""");

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var response = await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);
        foreach (var message in response.Messages)
            message.Contents = ToolCallContents.Join(message.Contents);
        return response;
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var asked = Conversation.Of(messages);
        var script = Script.Parse(asked.Question);
        if (script.IsRateLimited)
            throw new ProviderException(Provider, ProviderFailure.RateLimited, statusCode: 429, retryAfter: TimeSpan.Zero);

        var pacer = new Pacer(time);
        await pacer.WaitAsync(script.First, cancellationToken).ConfigureAwait(false);
        var sent = 0;
        var thought = 0;
        if (asked.Text.Length == 0)
        {
            foreach (var piece in Rest(script.Reasoning, Script.ReasoningToken, asked.Reasoning.Length))
            {
                yield return Update(new TextReasoningContent(piece));
                thought++;
                await pacer.WaitAsync(script.Delay, cancellationToken).ConfigureAwait(false);
            }
        }

        if (script.Tool is 1 or 2 && asked.Text.Length == 0 && !asked.Answer.Any(c => c is FunctionResultContent))
        {
            foreach (var content in ToolCall(asked, isExecuted: script.Tool == 1))
            {
                yield return Update(content);
                await pacer.WaitAsync(script.Delay, cancellationToken).ConfigureAwait(false);
            }
            if (script.Tool == 2)
            {
                yield return End(ChatFinishReason.ToolCalls, asked, sent, thought);
                yield break;
            }
        }

        var index = FirstToken(script, asked.Text.Length, out var skip);
        // A continuation that begins where the fault was gets past it.
        var past = asked.Text.Length > 0 ? index : -1;
        for (; ; index++)
        {
            if (index == script.ErrorAfter && index != past)
                throw new ProviderException(Provider, ProviderFailure.ReportedError, detail: "error-after");
            if (index == script.StallAfter && index != past)
            {
                await Task.Delay(StallLimit, time, cancellationToken).ConfigureAwait(false);
                throw new ProviderException(Provider, ProviderFailure.Stalled, detail: "stall-after");
            }
            if (index >= script.Tokens)
                break;
            yield return Update(new TextContent(script.Token(index)[skip..]));
            skip = 0;
            sent++;
            await pacer.WaitAsync(script.Delay, cancellationToken).ConfigureAwait(false);
        }
        yield return End(ChatFinishReason.Stop, asked, sent, thought);
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;
    }

    public void Dispose()
    {
    }

    private static int FirstToken(Script script, int prefixLength, out int skip)
    {
        var index = 0;
        for (skip = prefixLength; index < script.Tokens && skip > 0; index++)
        {
            var length = script.Token(index).Length;
            if (skip < length)
                return index;
            skip -= length;
        }
        skip = 0;
        return index;
    }

    private static IEnumerable<string> Rest(int count, Func<int, string> token, int skip)
    {
        for (var i = 0; i < count; i++)
        {
            var piece = token(i);
            if (skip < piece.Length)
                yield return skip == 0 ? piece : piece[skip..];
            skip = Math.Max(0, skip - piece.Length);
        }
    }

    // Continues a call that was cut: fragments that are there are not sent again.
    private static IEnumerable<AIContent> ToolCall(Conversation asked, bool isExecuted)
    {
        var id = $"call_weather_{asked.Turn}";
        var isComplete = asked.Answer.Any(c => c is FunctionCallContent or ToolCallEnded);
        if (!isComplete)
        {
            if (!asked.Answer.Any(c => c is ToolCallStarted))
                yield return new ToolCallStarted(id, "get_weather");
            var have = new StringBuilder().AppendJoin("", asked.Answer.OfType<ToolCallArguments>().Select(c => c.Fragment)).Length;
            foreach (var fragment in Rest(ToolArguments.Length, i => ToolArguments[i], have))
                yield return new ToolCallArguments(id, fragment);
            yield return new ToolCallEnded(id);
        }
        if (isExecuted)
            yield return new FunctionResultContent(id, ToolResult);
    }

    private static ChatResponseUpdate Update(AIContent content) =>
        new() { Role = ChatRole.Assistant, Contents = new[] { content }, ModelId = ModelId };

    private static ChatResponseUpdate End(ChatFinishReason reason, Conversation asked, int sent, int thought)
    {
        var input = (asked.Question.Length / 4) + 1;
        var usage = new UsageDetails { InputTokenCount = input, OutputTokenCount = sent + thought, TotalTokenCount = input + sent + thought, ReasoningTokenCount = thought };
        return new ChatResponseUpdate { Role = ChatRole.Assistant, FinishReason = reason, Contents = new AIContent[] { new UsageContent(usage) }, ModelId = ModelId };
    }
}
