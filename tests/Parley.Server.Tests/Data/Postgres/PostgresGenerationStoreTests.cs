using System.Collections.Concurrent;
using Parley.Server.Data;
using Parley.Streaming.Generations;
using Parley.Testing.Generations;
using Parley.Testing.Postgres;

namespace Parley.Server.Tests.Data.Postgres;

/// <summary>PostgreSQL keeps the contract with the default sizes.</summary>
public class PostgresGenerationStoreTests : GenerationStoreContract
{
    private readonly ConcurrentDictionary<GenerationId, (Owner Owner, string ConversationId)> _starts = new();
    private TestDatabase _data = null!;

    protected virtual DatabaseOptions Options => new();

    protected override IGenerationStore Store => Process.Store;

    private protected PostgresProcess Process { get; private set; } = null!;

    private protected virtual Task<string> ConnectionStringAsync(TestDatabase data) => Task.FromResult(data.ConnectionString);

    public override async ValueTask InitializeAsync()
    {
        _data = await TestDatabase.CreateAsync();
        Process = PostgresProcess.Open(_data, Options, await ConnectionStringAsync(_data));
        await Store.RenewLeaseAsync(Patience.Cancel);
    }

    public override async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        await _data.DisposeAsync();
    }

    protected override async Task<GenerationId> NewGenerationAsync()
    {
        var (id, owner, conversation) = await Process.StartAsync();
        _starts[id] = (owner, conversation);
        return id;
    }

    protected override async Task RestartAsync()
    {
        Process = await Process.CrashAsync();
        await Store.RenewLeaseAsync(Patience.Cancel);
    }

    protected override async Task DeleteConversationAsync(GenerationId id) =>
        Assert.NotNull(await Process.Chats.DeleteAsync(_starts[id].Owner, _starts[id].ConversationId));

    protected override Task RefuseCommitsAsync() =>
        _data.RunAsync(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF pg_column_size(NEW.*) > 100000 THEN RAISE EXCEPTION 'No space left on device.' USING ERRCODE = 'disk_full'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON generation_journal FOR EACH ROW EXECUTE FUNCTION refuse();
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON generation_segments FOR EACH ROW EXECUTE FUNCTION refuse();
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION refuse();
            """
        );

    protected override Task AllowCommitsAsync() => _data.RunAsync("DROP FUNCTION refuse() CASCADE");
}

/// <summary>With sizes so small that logs spill into segments and the journal is emptied all the time.</summary>
public sealed class PostgresGenerationStoreSpillingTests : PostgresGenerationStoreTests
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

        Assert.InRange(most, 2, 9);
        Assert.InRange(await Process.CountAsync("generation_segments"), 10, 60);
        await RestartAsync();
        LogCuts.AssertIsPartOf(log, (await Store.ReadAsync(id, 0, 10_000, Patience.Cancel))!.Value);
        Assert.Single(await Store.AdoptAbandonedAsync(10, Patience.Cancel));
        Assert.Equal(0, await Process.CountAsync("generation_journal"));
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

/// <summary>Through PgBouncer in transaction mode, with fewer connections to the server than this node opens.</summary>
public sealed class PostgresGenerationStorePgBouncerTests : PostgresGenerationStoreTests
{
    private PgBouncer? _bouncer;

    private protected override async Task<string> ConnectionStringAsync(TestDatabase data)
    {
        _bouncer = await PgBouncer.StartAsync(data.Cluster, poolSize: 3);
        return _bouncer.ConnectionString(data.Name);
    }

    public override async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        await _bouncer!.DisposeAsync();
        await base.DisposeAsync();
    }
}
