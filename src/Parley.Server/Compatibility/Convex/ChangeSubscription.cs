using Parley.Server.Data;
using Parley.Server.Generations;

namespace Parley.Server.Compatibility.Convex;

/// <summary>Collects the changed conversations of one owner for a task, and wakes it.</summary>
internal sealed class ChangeSubscription : IAsyncDisposable
{
    private readonly ChangeFeed.Subscription _changes;
    private readonly CancellationTokenSource _ending = new();
    private readonly Action _wake;
    private Task _waiting;
    private volatile bool _isWaiting;

    /// <param name="feed">The feed that announces changes.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="wake">Called, on any thread, when there are changes to take.</param>
    public ChangeSubscription(ChangeFeed feed, Owner owner, Action wake)
    {
        _changes = feed.Subscribe(owner);
        _wake = wake;
        _waiting = WaitAsync();
    }

    /// <summary>Reports each conversation that has changed since the last call; null if any may have.</summary>
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
            _waiting = WaitAsync();
        }
    }

    private async Task WaitAsync()
    {
        _isWaiting = true;
        try
        {
            await _changes.Changed.WaitToReadAsync(_ending.Token);

            // Reset before the wake, as the woken task may take the changes before this one has completed.
            _isWaiting = false;
            _wake();
        }
        catch (OperationCanceledException)
        {
            // The subscription has ended.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _waiting;
        _ending.Dispose();
        _changes.Dispose();
    }
}
