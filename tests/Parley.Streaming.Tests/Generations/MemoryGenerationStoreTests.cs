using Parley.Streaming.Generations;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.Generations;

/// <summary>The store of the engine's tests passes the contract suite.</summary>
public sealed class MemoryGenerationStoreTests : GenerationStoreContract
{
    private readonly MemoryDisk _disk = new();
    private MemoryGenerationStore _store = null!;
    private int _processes;

    protected override IGenerationStore Store => _store;

    protected override Task<GenerationId> NewGenerationAsync()
    {
        var id = GenerationId.New(TimeProvider.System.GetUtcNow());
        _store.Add(id);
        return Task.FromResult(id);
    }

    protected override Task RestartAsync()
    {
        lock (_disk.Gate)
        {
            _disk.Leases.Clear();
        }

        _store = new MemoryGenerationStore(_disk, $"node-{++_processes}", TimeProvider.System, TimeSpan.FromMinutes(10));
        return Task.CompletedTask;
    }

    protected override Task DeleteConversationAsync(GenerationId id)
    {
        _store.Delete(id);
        return Task.CompletedTask;
    }

    protected override Task RefuseCommitsAsync()
    {
        _store.BeforeCommit = _ => throw new IOException("No space left on device.");
        return Task.CompletedTask;
    }

    protected override Task AllowCommitsAsync()
    {
        _store.BeforeCommit = null;
        return Task.CompletedTask;
    }

    public override async ValueTask InitializeAsync()
    {
        await RestartAsync();
        await _store.RenewLeaseAsync(TestContext.Current.CancellationToken);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
