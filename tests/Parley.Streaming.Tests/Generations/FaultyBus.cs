using Parley.Streaming.Generations.Bus;

namespace Parley.Streaming.Tests.Generations;

/// <summary>A bus that loses, repeats and delays what this node publishes, as a test asks it to.</summary>
internal sealed class FaultyBus(IGenerationBus bus) : IGenerationBus
{
    private readonly List<GenerationNotice> _delayed = [];

    /// <summary>How many times each notice is delivered: 0 loses it. Null delivers it once.</summary>
    public Func<GenerationNotice, int>? Copies { get; set; }

    /// <summary>Whether a notice is delivered only after the next one. Null: never.</summary>
    public Func<bool>? Delay { get; set; }

    public List<GenerationNotice> Published { get; } = [];

    public bool HasPeers => bus.HasPeers;

    public void Publish(ReadOnlySpan<GenerationNotice> notices)
    {
        lock (_delayed)
        {
            foreach (var notice in notices)
            {
                Published.Add(notice);
                if (Delay?.Invoke() == true)
                {
                    _delayed.Add(notice);
                    continue;
                }

                Deliver(notice);
                foreach (var late in _delayed)
                {
                    Deliver(late);
                }

                _delayed.Clear();
            }
        }
    }

    public void Publish(AccountNotice notice) => bus.Publish(notice);

    public IDisposable SubscribeToGenerations(Action<GenerationNotice> handler) => bus.SubscribeToGenerations(handler);

    public IDisposable SubscribeToAccounts(Action<AccountNotice> handler) => bus.SubscribeToAccounts(handler);

    private void Deliver(GenerationNotice notice)
    {
        for (var copies = Copies?.Invoke(notice) ?? 1; copies > 0; copies--)
        {
            bus.Publish([notice]);
        }
    }
}
