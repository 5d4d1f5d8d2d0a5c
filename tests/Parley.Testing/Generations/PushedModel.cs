using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;

namespace Parley.Testing.Generations;

/// <summary>A model that sends what the test pushes, when the test pushes it, and tells the test what the engine does.</summary>
public sealed class PushedModel : IChatClient
{
    private readonly Channel<ChatResponseUpdate> _updates = Channel.CreateUnbounded<ChatResponseUpdate>();
    private readonly TaskCompletionSource<IReadOnlyList<ChatMessage>> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _pushed,
        _taken,
        _drained;

    /// <summary>Completes with the messages that the engine sent.</summary>
    public Task<IReadOnlyList<ChatMessage>> Asked => _asked.Task;

    /// <summary>Completes when the engine no longer reads, for any reason.</summary>
    public Task Left => _left.Task;

    /// <summary>The number of updates that the engine has taken.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>Completes when the engine has processed everything that was pushed, and asks for more.</summary>
    public Task DrainedAsync() => Patience.Until(() => Volatile.Read(ref _drained) == Volatile.Read(ref _pushed));

    /// <summary>What the stream throws when it is cancelled, instead of <see cref="OperationCanceledException"/>.</summary>
    public Func<Exception>? OnCancelled { get; init; }

    public PushedModel Text(string text) => Push(new TextContent(text));

    public PushedModel Reasoning(string text) => Push(new TextReasoningContent(text));

    public PushedModel Push(params AIContent[] contents) => Push(new ChatResponseUpdate(ChatRole.Assistant, contents));

    public PushedModel Push(ChatResponseUpdate update)
    {
        Interlocked.Increment(ref _pushed);
        _updates.Writer.TryWrite(update);
        return this;
    }

    /// <summary>Completes the answer.</summary>
    public PushedModel Complete(ChatFinishReason? reason = null, UsageDetails? usage = null)
    {
        var last = new ChatResponseUpdate(ChatRole.Assistant, usage is null ? [] : [new UsageContent(usage)])
        {
            FinishReason = reason ?? ChatFinishReason.Stop,
        };
        _updates.Writer.TryWrite(last);
        _updates.Writer.TryComplete();
        return this;
    }

    /// <summary>Breaks the stream.</summary>
    public PushedModel Fail(Exception? error = null)
    {
        _updates.Writer.TryComplete(error ?? new ProviderException("test", ProviderFailure.Reset));
        return this;
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        _asked.TrySetResult([.. messages]);
        try
        {
            while (await WaitAsync(cancellationToken))
            {
                while (_updates.Reader.TryRead(out var update))
                {
                    Interlocked.Increment(ref _taken);
                    yield return update;
                }
            }
        }
        finally
        {
            _left.TrySetResult();
        }
    }

    private async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _drained, Taken);
        try
        {
            return await _updates.Reader.WaitToReadAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (OnCancelled is not null)
        {
            throw OnCancelled();
        }
    }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => throw new NotSupportedException();

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose() { }
}
