namespace Parley.Streaming.Generations.Bus;

/// <summary>
/// The bus of nodes that live in one process. A server that runs alone has one that no other shares, so it never has a peer and costs
/// nothing; tests connect several engines through one <see cref="InProcessBusHub"/>.
/// </summary>
public sealed class InProcessGenerationBus : IGenerationBus, IDisposable
{
    private readonly InProcessBusHub _hub;
    private readonly Handlers<GenerationNotice> _generationHandlers = new();
    private readonly Handlers<AccountNotice> _accountHandlers = new();

    /// <summary>A bus without peers.</summary>
    public InProcessGenerationBus()
        : this(new InProcessBusHub()) { }

    /// <summary>A bus whose peers are the others of the same hub.</summary>
    public InProcessGenerationBus(InProcessBusHub hub)
    {
        _hub = hub;
        hub.Add(this);
    }

    /// <inheritdoc/>
    public bool HasPeers => _hub.Nodes.Length > 1;

    /// <inheritdoc/>
    public void Publish(ReadOnlySpan<GenerationNotice> notices)
    {
        foreach (var node in _hub.Nodes)
        {
            if (node == this)
            {
                continue;
            }

            foreach (var notice in notices)
            {
                node._generationHandlers.Call(notice);
            }
        }
    }

    /// <inheritdoc/>
    public void Publish(AccountNotice notice)
    {
        foreach (var node in _hub.Nodes)
        {
            if (node != this)
            {
                node._accountHandlers.Call(notice);
            }
        }
    }

    /// <inheritdoc/>
    public IDisposable SubscribeToGenerations(Action<GenerationNotice> handler) => _generationHandlers.Add(handler);

    /// <inheritdoc/>
    public IDisposable SubscribeToAccounts(Action<AccountNotice> handler) => _accountHandlers.Add(handler);

    /// <summary>Leaves the hub.</summary>
    public void Dispose() => _hub.Remove(this);

    private sealed class Handlers<T>
    {
        private readonly Lock _gate = new();
        private volatile Action<T>[] _handlers = [];

        public void Call(T notice)
        {
            foreach (var handler in _handlers)
            {
                handler(notice);
            }
        }

        public IDisposable Add(Action<T> handler)
        {
            lock (_gate)
            {
                _handlers = [.. _handlers, handler];
            }

            return new Subscription(this, handler);
        }

        private sealed class Subscription(Handlers<T> handlers, Action<T> handler) : IDisposable
        {
            public void Dispose()
            {
                lock (handlers._gate)
                {
                    handlers._handlers = [.. handlers._handlers.Where(other => other != handler)];
                }
            }
        }
    }
}

/// <summary>Connects buses of one process; see <see cref="InProcessGenerationBus"/>.</summary>
public sealed class InProcessBusHub
{
    private readonly Lock _gate = new();
    private volatile InProcessGenerationBus[] _nodes = [];

    internal InProcessGenerationBus[] Nodes => _nodes;

    internal void Add(InProcessGenerationBus node)
    {
        lock (_gate)
        {
            _nodes = [.. _nodes, node];
        }
    }

    internal void Remove(InProcessGenerationBus node)
    {
        lock (_gate)
        {
            _nodes = [.. _nodes.Where(other => other != node)];
        }
    }
}
