namespace Parley.Streaming.Generations;

/// <summary>
/// One of the generations that may run at once, reserved by <see cref="GenerationRunner.TryAdmit"/>. Dispose it, or hand it to
/// <see cref="GenerationRunner.Start"/>, which releases it when the generation ends.
/// </summary>
public sealed class GenerationSlot : IDisposable
{
    private readonly Action<string> _release;
    private readonly string _owner;
    private int _released;

    internal GenerationSlot(Action<string> release, string owner) => (_release, _owner) = (release, owner);

    /// <summary>Releases the slot. Further calls do nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            _release(_owner);
        }
    }
}
