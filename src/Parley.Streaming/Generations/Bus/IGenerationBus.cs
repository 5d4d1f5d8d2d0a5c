namespace Parley.Streaming.Generations.Bus;

/// <summary>
/// Carries notices between the nodes that share a store, so that no node has to poll: a generation has grown or ended, a client asks to
/// stop one, or something in an account has changed.
/// </summary>
/// <remarks>
/// Notices carry ids and positions, never text: a node that receives one reads the store. A notice may be lost, repeated or late. Every
/// receiver has a slow fallback of its own, so that a lost notice costs latency and nothing else. Each node has an instance of its own; it
/// delivers what the other nodes publish, and not what it published itself.
/// </remarks>
public interface IGenerationBus
{
    /// <summary>
    /// Whether another node may be listening. While it is false, publishing has no effect, and callers need not make notices.
    /// </summary>
    bool HasPeers { get; }

    /// <summary>
    /// Sends notices to all other nodes, in order. Called after each group commit with one notice for each generation in it: it must return
    /// at once and must not throw.
    /// </summary>
    void Publish(ReadOnlySpan<GenerationNotice> notices);

    /// <summary>Sends a notice about an account to all other nodes. It must return at once and must not throw.</summary>
    void Publish(AccountNotice notice);

    /// <summary>Calls a handler for each notice about a generation.</summary>
    /// <param name="handler">Called on a thread of the bus, which it must not block. It must not throw.</param>
    /// <returns>Dispose it to unsubscribe.</returns>
    IDisposable SubscribeToGenerations(Action<GenerationNotice> handler);

    /// <summary>Calls a handler for each notice about an account.</summary>
    /// <param name="handler">Called on a thread of the bus, which it must not block. It must not throw.</param>
    /// <returns>Dispose it to unsubscribe.</returns>
    IDisposable SubscribeToAccounts(Action<AccountNotice> handler);
}
