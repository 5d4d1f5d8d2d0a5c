using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Demo;

/// <summary>
/// <c>demo/parley</c>: what answers before a provider is configured. It says that it is no language model, shows what
/// streaming looks like, and how to set up a real one. The same conversation gets the same text. A question with
/// a directive of <see cref="ScriptedChatClient"/> is answered by that.
/// </summary>
public sealed class DemoChatClient(TimeProvider time, DemoOptions options) : IChatClient
{
    public const string ModelId = "demo/parley";
    private const int LongestAnswerSeconds = 60;
    private const int LongestWord = 80;
    private readonly ScriptedChatClient _scripted = new(time);

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var said = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var asked = Conversation.Of(said);
        if (Script.IsIn(asked.Question))
        {
            await foreach (var update in _scripted.GetStreamingResponseAsync(said, options, cancellationToken).ConfigureAwait(false))
                yield return update;
            yield break;
        }

        var answer = DemoText.Answer(asked.Question, asked.Turn);
        var position = 0;
        if (asked.Text.Length > 0)
        {
            if (answer.StartsWith(asked.Text, StringComparison.Ordinal))
                position = asked.Text.Length;
            else
                answer = DemoText.CannotContinue;
        }

        var step = Step(answer.Length);
        var pacer = new Pacer(time);
        var sent = 0;
        while (position < answer.Length)
        {
            await pacer.WaitAsync(step, cancellationToken).ConfigureAwait(false);
            var end = NextWord(answer, position);
            yield return new ChatResponseUpdate
            {
                Role = ChatRole.Assistant,
                Contents = new AIContent[] { new TextContent(answer[position..end]) },
                ModelId = ModelId,
            };
            position = end;
            sent++;
        }

        var input = (asked.Question.Length / 4) + 1;
        var usage = new UsageDetails { InputTokenCount = input, OutputTokenCount = sent, TotalTokenCount = input + sent };
        yield return new ChatResponseUpdate
        {
            Role = ChatRole.Assistant,
            FinishReason = ChatFinishReason.Stop,
            Contents = new AIContent[] { new UsageContent(usage) },
            ModelId = ModelId,
        };
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;
    }

    public void Dispose() => _scripted.Dispose();

    // A long answer comes faster, so that nobody waits for it longer than a minute.
    private TimeSpan Step(int length)
    {
        if (options.TokensPerSecond <= 0)
            return TimeSpan.Zero;
        var words = length / 6.0;
        return TimeSpan.FromSeconds(1 / Math.Max(options.TokensPerSecond, words / LongestAnswerSeconds));
    }

    private static int NextWord(string text, int start)
    {
        var limit = Math.Min(text.Length, start + LongestWord);
        var end = start;
        while (end < limit && !char.IsWhiteSpace(text[end]))
            end++;
        while (end < limit && char.IsWhiteSpace(text[end]))
            end++;
        return end < text.Length && char.IsLowSurrogate(text[end]) ? end + 1 : end;
    }
}
