using System.Collections.Concurrent;
using System.Threading.Channels;
using Parley.Server.Data;

namespace Parley.Server.Generations;

/// <summary>
/// Tells an owner's clients which conversations have changed. It carries ids only and stores nothing: a client that reconnects reads the
/// list again.
/// </summary>
public sealed class ChangeFeed
{
    private const int QueueLength = 256;
    private readonly ConcurrentDictionary<Owner, ConcurrentDictionary<Subscription, bool>> _byOwner = new();

    /// <summary>Whether any client is subscribed.</summary>
    public bool HasSubscribers => !_byOwner.IsEmpty;

    public void Changed(Owner owner, string conversationId)
    {
        if (!_byOwner.TryGetValue(owner, out var subscriptions))
        {
            return;
        }

        foreach (var (subscription, _) in subscriptions)
        {
            subscription.Offer(conversationId);
        }
    }

    public Subscription Subscribe(Owner owner)
    {
        var subscription = new Subscription(this, owner);
        while (true)
        {
            // An owner's entry is removed with its last subscription; if that happened concurrently, it is added again.
            var subscriptions = _byOwner.GetOrAdd(owner, _ => new());
            subscriptions[subscription] = true;
            if (_byOwner.TryGetValue(owner, out var current) && current == subscriptions)
            {
                return subscription;
            }
        }
    }

    /// <summary>One client's subscription to the feed.</summary>
    public sealed class Subscription(ChangeFeed feed, Owner owner) : IDisposable
    {
        private readonly Channel<string> _changed = Channel.CreateBounded<string>(
            new BoundedChannelOptions(QueueLength) { SingleReader = true }
        );
        private volatile bool _overflowed;

        /// <summary>Ids of conversations that have changed.</summary>
        public ChannelReader<string> Changed => _changed.Reader;

        /// <summary>Whether changes were lost since the last call: the client must read everything again.</summary>
        public bool TakeOverflow()
        {
            if (!_overflowed)
            {
                return false;
            }

            _overflowed = false;
            return true;
        }

        internal void Offer(string conversationId)
        {
            if (!_changed.Writer.TryWrite(conversationId))
            {
                _overflowed = true;
            }
        }

        public void Dispose()
        {
            if (!feed._byOwner.TryGetValue(owner, out var subscriptions))
            {
                return;
            }

            subscriptions.TryRemove(this, out _);
            if (subscriptions.IsEmpty)
            {
                feed._byOwner.TryRemove(KeyValuePair.Create(owner, subscriptions));
            }
        }
    }
}
