using System.Collections.Concurrent;
using Parley.Server.Data;
using Parley.Streaming.Generations;
using Parley.Testing.Generations;

namespace Parley.Server.Tests.Data;

/// <summary>SQLite keeps the contract with the sizes that it is shipped with.</summary>
public class SqliteGenerationStoreTests : GenerationStoreContract
{
    private readonly ConcurrentDictionary<GenerationId, (Owner Owner, string ConversationId)> _starts = new();
    private SqliteProcess _process = null!;

    protected virtual DatabaseOptions Options => new();

    protected override IGenerationStore Store => new LeavingItsThread(_process.Store);

    private protected SqliteProcess Process => _process;

    public override async ValueTask InitializeAsync()
    {
        _process = SqliteProcess.Create(Options);
        await Store.RenewLeaseAsync(Patience.Cancel);
    }

    public override ValueTask DisposeAsync()
    {
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override async Task<GenerationId> NewGenerationAsync()
    {
        var (id, owner, conversation) = await _process.StartAsync();
        _starts[id] = (owner, conversation);
        return id;
    }

    protected override async Task RestartAsync() => _process = await _process.CrashAsync();

    protected override async Task DeleteConversationAsync(GenerationId id) =>
        Assert.NotNull(await _process.Chats.DeleteAsync(_starts[id].Owner, _starts[id].ConversationId));

    protected override Task RefuseCommitsAsync() => _process.SetMaxPagesAsync(1);

    protected override Task AllowCommitsAsync() => _process.SetMaxPagesAsync(1_000_000_000);
}

/// <summary>
/// An append may complete on the store's own thread, which a caller must not keep; tests do more than the engine before they wait again.
/// </summary>
internal sealed class LeavingItsThread(IGenerationStore store) : IGenerationStore
{
    public async ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PendingSlice> slices, CancellationToken cancellationToken)
    {
        try
        {
            return await store.AppendAsync(slices, cancellationToken);
        }
        finally
        {
            await Task.Yield();
        }
    }

    public ValueTask<LogSlice?> ReadAsync(GenerationId id, long after, int maxBytes, CancellationToken cancellationToken) =>
        store.ReadAsync(id, after, maxBytes, cancellationToken);

    public ValueTask<GenerationRecord?> FindAsync(GenerationId id, CancellationToken cancellationToken) =>
        store.FindAsync(id, cancellationToken);

    public ValueTask<IReadOnlyList<AbandonedGeneration>> AdoptAbandonedAsync(int limit, CancellationToken cancellationToken) =>
        store.AdoptAbandonedAsync(limit, cancellationToken);

    public ValueTask RenewLeaseAsync(CancellationToken cancellationToken) => store.RenewLeaseAsync(cancellationToken);

    public ValueTask ReleaseLeaseAsync(CancellationToken cancellationToken) => store.ReleaseLeaseAsync(cancellationToken);
}

/// <summary>With sizes so small that logs spill into segments and the journal is emptied all the time.</summary>
public sealed class SqliteGenerationStoreSpillingTests : SqliteGenerationStoreTests
{
    protected override DatabaseOptions Options => new() { SegmentBytes = 48, JournalBytes = 200 };

    [Fact]
    public async Task Journal_GrownBeyondItsSize_IsEmptiedAndNothingIsLost()
    {
        var log = new LogBuilder().Open(PartKind.Text).Text(string.Concat(Enumerable.Range(0, 400).Select(i => $"{i} "))).Log;
        var id = await NewGenerationAsync();
        var (most, last) = (0L, 0L);
        for (long end = 0; end < log.End; end += 10)
        {
            await Store.AppendAsync([log.Pending(id, 1, end, Math.Min(log.End, end + 10))], Patience.Cancel);
            last = await Process.CountAsync("generation_journal");
            most = Math.Max(most, last);
        }

        Assert.InRange(most, 2, 8);
        Assert.InRange(await Process.CountAsync("generation_segments"), 10, 60);
        await RestartAsync();
        Assert.Equal(0, await Process.CountAsync("generation_journal") - (await Store.FindAsync(id, Patience.Cancel) is null ? 1 : 0));
        LogCuts.AssertIsPartOf(log, (await Store.ReadAsync(id, 0, 10_000, Patience.Cancel))!.Value);
    }

    [Fact]
    public async Task End_Folded_LeavesNoSegments()
    {
        var log = new LogBuilder().Part(PartKind.Text, new string('x', 1000)).Completed().Log;
        var id = await NewGenerationAsync();
        for (long end = 0; end < log.End; end += 100)
        {
            await Store.AppendAsync([log.Pending(id, 1, end, Math.Min(log.End, end + 100))], Patience.Cancel);
        }

        Assert.Equal(0, await Process.CountAsync("generation_segments"));
    }
}
