using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Demo;

/// <summary>
/// <c>demo/scripted</c>: does what a <c>#script</c> line in the question says, always the same way, one delta per token,
/// and continues exactly where a trailing assistant message ends. For tests, demonstrations and load.
/// </summary>
/// <param name="time">The clock of its pauses.</param>
/// <param name="provider">The provider's configured name.</param>
public sealed class ScriptedChatClient(TimeProvider time, string provider = "demo") : IChatClient
{
    private static readonly TimeSpan StallLimit = TimeSpan.FromSeconds(30);
    private static readonly string[] ToolArguments = ["{\"city\":", "\"Par", "is\"}"];
    private static readonly JsonElement ToolResult = JsonElement.Parse("""{"city":"Paris","temperature":18,"unit":"°C"}""");
    private static readonly ProviderErrorMessages Messages = new("The demo model");
    private readonly string _modelId = $"{provider}/{DemoProvider.ScriptedModel}";

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => GetStreamingResponseAsync(messages, options, cancellationToken).ToWholeResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var prompt = DemoPrompt.Of(messages);
        var script = Script.Parse(prompt.Question);
        if (script.IsRateLimited)
        {
            throw Fail(ProviderFailure.RateLimited, statusCode: 429, retryAfter: TimeSpan.Zero);
        }

        var delay = new ScheduledDelay(time);
        await delay.WaitAsync(script.First, cancellationToken);
        var sent = 0;
        var sentReasoning = 0;
        if (prompt.Text.Length == 0)
        {
            foreach (var piece in Rest(script.Reasoning, Script.ReasoningToken, prompt.Reasoning.Length))
            {
                yield return Update(new TextReasoningContent(piece));
                sentReasoning++;
                await delay.WaitAsync(script.Delay, cancellationToken);
            }
        }

        if (script.Tool is 1 or 2 && prompt.Text.Length == 0 && !prompt.Contents.Any(content => content is FunctionResultContent))
        {
            foreach (var contents in ToolCall(prompt, isExecuted: script.Tool == 1))
            {
                yield return Update(contents);
                await delay.WaitAsync(script.Delay, cancellationToken);
            }

            if (script.Tool == 2)
            {
                yield return End(ChatFinishReason.ToolCalls, prompt, sent, sentReasoning);
                yield break;
            }
        }

        var index = FirstToken(script, prompt.Text.Length, out var skip);
        // A continuation that begins at the failure gets past it.
        var passed = prompt.Text.Length > 0 ? index : -1;
        for (; ; index++)
        {
            if (index == script.ErrorAfter && index != passed)
            {
                throw Fail(ProviderFailure.ReportedError, detail: "error-after");
            }

            if (index == script.StallAfter && index != passed)
            {
                await Task.Delay(StallLimit, time, cancellationToken);
                throw Fail(ProviderFailure.Stalled, detail: "stall-after");
            }

            if (index >= script.Tokens)
            {
                break;
            }

            yield return Update(new TextContent(script.Token(index)[skip..]));
            skip = 0;
            sent++;
            await delay.WaitAsync(script.Delay, cancellationToken);
        }

        yield return End(ChatFinishReason.Stop, prompt, sent, sentReasoning);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose() { }

    private ProviderException Fail(ProviderFailure failure, int? statusCode = null, TimeSpan? retryAfter = null, string? detail = null) =>
        new(provider, failure, statusCode, retryAfter, detail, Messages);

    private static int FirstToken(Script script, int prefixLength, out int skip)
    {
        var index = 0;
        for (skip = prefixLength; index < script.Tokens && skip > 0; index++)
        {
            var length = script.Token(index).Length;
            if (skip < length)
            {
                return index;
            }

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
            {
                yield return skip == 0 ? piece : piece[skip..];
            }

            skip = Math.Max(0, skip - piece.Length);
        }
    }

    // Continues a call that was cut: the fragments that arrived are not sent again.
    private static IEnumerable<AIContent[]> ToolCall(DemoPrompt prompt, bool isExecuted)
    {
        const string name = "get_weather";
        var id = $"call_weather_{prompt.QuestionNumber}";
        var isComplete = prompt.Contents.Any(content => content is FunctionCallContent or ToolCallEnded);
        if (!isComplete)
        {
            if (!prompt.Contents.Any(content => content is ToolCallStarted))
            {
                yield return [new ToolCallStarted(id, name)];
            }

            var received = prompt.Contents.OfType<ToolCallArgumentsDelta>().Sum(content => content.Delta.Length);
            foreach (var delta in Rest(ToolArguments.Length, i => ToolArguments[i], received))
            {
                yield return [new ToolCallArgumentsDelta(id, delta)];
            }

            var call = ToolCallContents.Parse(id, name, string.Concat(ToolArguments));
            // An executed call has its result already: a decorator must not run the tool again.
            call.InformationalOnly = isExecuted;
            yield return [new ToolCallEnded(id), call];
        }

        if (isExecuted)
        {
            yield return [new FunctionResultContent(id, ToolResult)];
        }
    }

    private ChatResponseUpdate Update(params AIContent[] contents) =>
        new()
        {
            Role = ChatRole.Assistant,
            Contents = contents,
            ModelId = _modelId,
        };

    private ChatResponseUpdate End(ChatFinishReason reason, DemoPrompt prompt, int sent, int sentReasoning)
    {
        var input = prompt.InputTokenCount;
        var usage = new UsageDetails
        {
            InputTokenCount = input,
            OutputTokenCount = sent + sentReasoning,
            TotalTokenCount = input + sent + sentReasoning,
            ReasoningTokenCount = sentReasoning,
        };
        return new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            FinishReason = reason,
            Contents = new AIContent[] { new UsageContent(usage) },
            ModelId = _modelId,
        };
    }
}
