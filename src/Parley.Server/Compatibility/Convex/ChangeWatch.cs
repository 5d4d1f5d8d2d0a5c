using Parley.Server.Data;
using Parley.Server.Generations;

namespace Parley.Server.Compatibility.Convex;

/// <summary>Which conversations of one person have changed, for a task that takes them when it has time.</summary>
internal sealed class ChangeWatch : IAsyncDisposable
{
    private readonly ChangeFeed.Subscription _changes;
    private readonly CancellationTokenSource _ending = new();
    private readonly Action _wake;
    private Task _news;
    private volatile bool _isWaiting;

    /// <param name="feed">Where they are announced.</param>
    /// <param name="owner">The person.</param>
    /// <param name="wake">Called, on any thread, when there is something to take.</param>
    public ChangeWatch(ChangeFeed feed, Owner owner, Action wake)
    {
        _changes = feed.Subscribe(owner);
        _wake = wake;
        _news = WaitAsync();
    }

    /// <summary>Hands over what has changed since the last time; null stands for anything.</summary>
    public void Take(Action<string?> changed)
    {
        while (_changes.Changed.TryRead(out var conversationId))
        {
            changed(conversationId);
        }

        if (_changes.TakeOverflow())
        {
            changed(null);
        }

        if (!_isWaiting)
        {
            _news = WaitAsync();
        }
    }

    private async Task WaitAsync()
    {
        _isWaiting = true;
        try
        {
            await _changes.Changed.WaitToReadAsync(_ending.Token);

            // Before the wake, and so before this task is over: who is woken may look at once.
            _isWaiting = false;
            _wake();
        }
        catch (OperationCanceledException)
        {
            // Nobody watches any more.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _news;
        _ending.Dispose();
        _changes.Dispose();
    }
}
