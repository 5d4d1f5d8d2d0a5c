using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Demo;

/// <summary>
/// <c>demo/parley</c>: answers where no provider is configured. It says that it is not a language model, shows what
/// streaming looks like, and how to configure a provider. The same conversation gets the same text. A question with
/// a directive of <see cref="ScriptedChatClient"/> is answered by that client.
/// </summary>
/// <param name="time">The clock of its pauses.</param>
/// <param name="options">The speed.</param>
/// <param name="provider">The provider's configured name.</param>
public sealed class DemoChatClient(TimeProvider time, DemoOptions options, string provider = "demo") : IChatClient
{
    private const int MaxAnswerSeconds = 60;
    private const int MaxWordLength = 80;
    private readonly ScriptedChatClient _scripted = new(time, provider);
    private readonly string _modelId = $"{provider}/{DemoProvider.ParleyModel}";

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
        var all = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var prompt = DemoPrompt.Of(all);
        if (Script.IsIn(prompt.Question))
        {
            await foreach (var update in _scripted.GetStreamingResponseAsync(all, options, cancellationToken))
            {
                yield return update;
            }

            yield break;
        }

        var answer = DemoText.Answer(prompt.Question, prompt.QuestionNumber);
        var position = 0;
        if (prompt.Text.Length > 0)
        {
            if (answer.StartsWith(prompt.Text, StringComparison.Ordinal))
            {
                position = prompt.Text.Length;
            }
            else
            {
                answer = DemoText.CannotContinue;
            }
        }

        var step = Step(answer.Length);
        var delay = new ScheduledDelay(time);
        var sent = 0;
        while (position < answer.Length)
        {
            await delay.WaitAsync(step, cancellationToken);
            var end = NextWord(answer, position);
            yield return new ChatResponseUpdate
            {
                Role = ChatRole.Assistant,
                Contents = new AIContent[] { new TextContent(answer[position..end]) },
                ModelId = _modelId,
            };
            position = end;
            sent++;
        }

        var input = prompt.InputTokenCount;
        var usage = new UsageDetails
        {
            InputTokenCount = input,
            OutputTokenCount = sent,
            TotalTokenCount = input + sent,
        };
        yield return new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            FinishReason = ChatFinishReason.Stop,
            Contents = new AIContent[] { new UsageContent(usage) },
            ModelId = _modelId,
        };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose() => _scripted.Dispose();

    // A long answer is faster, so that no answer takes longer than a minute.
    private TimeSpan Step(int length)
    {
        if (options.TokensPerSecond <= 0)
        {
            return TimeSpan.Zero;
        }

        var words = length / 6.0;
        return TimeSpan.FromSeconds(1 / Math.Max(options.TokensPerSecond, words / MaxAnswerSeconds));
    }

    private static int NextWord(string text, int start)
    {
        var limit = Math.Min(text.Length, start + MaxWordLength);
        var end = start;
        while (end < limit && !char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        while (end < limit && char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        return end < text.Length && char.IsLowSurrogate(text[end]) ? end + 1 : end;
    }
}
