using Npgsql;
using Parley.Server.Data;
using Parley.Streaming.Generations;
using Parley.Testing;
using Parley.Testing.Generations;

namespace Parley.Server.Tests.Data.Postgres;

/// <summary>Several nodes on one database: whoever takes over what a node owned has fenced that node first.</summary>
public sealed class PostgresNodesTests : IAsyncLifetime
{
    private static readonly LogSnapshot Text = new LogBuilder().Open(PartKind.Text).Text("0123456789 äöü 漢字").Close().Completed().Log;
    private TestDatabase _data = null!;
    private PostgresProcess _first = null!,
        _second = null!;

    public async ValueTask InitializeAsync()
    {
        _data = await TestDatabase.CreateAsync();
        _first = await StartAsync();
        _second = await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        await _data.DisposeAsync();
    }

    [Fact]
    public async Task Node_ThatWasTakenOver_IsFencedWhole()
    {
        var (one, two) = ((await _first.StartAsync()).Id, (await _first.StartAsync()).Id);
        await AppendAsync(_first, one, 1, 0, 5);
        var before = _first.Store.NodeId;
        await _first.ExpireAsync();
        var adopted = await _second.Store.AdoptAbandonedAsync(1, Patience.Cancel);
        Assert.Equal((one, 2), (Assert.Single(adopted).Id, adopted[0].Epoch));
        LogCuts.AssertSame(Text.UpTo(5), adopted[0].Log);

        // The other generation was not adopted, and is fenced all the same: its journal has been moved.
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(_first, two, 1, 0, 5));
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(_first, one, 1, 5, 8));
        Assert.NotEqual(before, _first.Store.NodeId);
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(_second, one, 2, 5, 8));

        // What it starts from now on is its own, under its new id.
        var (three, _, _) = await _first.StartAsync();
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(_first, three, 1, 0, 5));
        Assert.Equal(two, Assert.Single(await _second.Store.AdoptAbandonedAsync(10, Patience.Cancel)).Id);
    }

    [Fact]
    public async Task Start_StoredByANodeThatWasTakenOverMeanwhile_IsNotItsOwn()
    {
        await _first.ExpireAsync();
        await _second.Store.AdoptAbandonedAsync(10, Patience.Cancel);
        var (id, _, _) = await _first.StartAsync();
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(_first, id, 1, 0, 5));
        Assert.Equal(id, Assert.Single(await _second.Store.AdoptAbandonedAsync(10, Patience.Cancel)).Id);
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(_first, id, 1, 0, 5));
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(_second, id, 2, 0, 5));
    }

    [Fact]
    public async Task Renewal_OfANodeThatWasTakenOver_RegistersItAnew()
    {
        var (id, _, _) = await _first.StartAsync();
        var before = _first.Store.NodeId;
        await _first.Store.RenewLeaseAsync(Patience.Cancel);
        Assert.Equal(before, _first.Store.NodeId);
        await _first.ExpireAsync();
        Assert.Single(await _second.Store.AdoptAbandonedAsync(10, Patience.Cancel));
        await _first.Store.RenewLeaseAsync(Patience.Cancel);
        Assert.NotEqual(before, _first.Store.NodeId);
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(_first, id, 1, 0, 5));
        Assert.Empty(await _first.Store.AdoptAbandonedAsync(10, Patience.Cancel));
    }

    [Fact]
    public async Task Adoption_WhileACommitOfTheDeadNodeIsOpen_WaitsForIt()
    {
        var (id, _, _) = await _first.StartAsync();
        await AppendAsync(_first, id, 1, 0, 5);
        await _data.RunAsync(
            """
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END $$;
            CREATE TRIGGER wait BEFORE INSERT ON generation_journal FOR EACH ROW EXECUTE FUNCTION wait();
            """
        );
        await using var blocking = new NpgsqlConnection(_data.ConnectionString);
        await blocking.OpenAsync(Patience.Cancel);
        await using var transaction = await blocking.BeginTransactionAsync(Patience.Cancel);
        await using (var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock(42)", blocking))
        {
            await command.ExecuteNonQueryAsync(Patience.Cancel);
        }

        var appending = AppendAsync(_first, id, 1, 5, 9);
        await WaitingAsync(1);
        await _first.ExpireAsync();

        // A row that stays locked is left to the next sweep.
        Assert.Empty(await _second.Store.AdoptAbandonedAsync(10, Patience.Cancel).Soon());
        var adopting = _second.Store.AdoptAbandonedAsync(10, Patience.Cancel).AsTask();
        await WaitingAsync(2);
        Assert.False(adopting.IsCompleted);
        await transaction.CommitAsync(Patience.Cancel);

        Assert.Equal(AppendOutcome.Committed, await appending.Soon());
        LogCuts.AssertSame(Text.UpTo(9), Assert.Single(await adopting.Soon()).Log);
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(_first, id, 1, 9, 12));
    }

    [Fact]
    public async Task Adoption_OfMoreThanTheLimit_KeepsAllLogs()
    {
        List<GenerationId> ids = [];
        for (var i = 0; i < 10; i++)
        {
            ids.Add((await _first.StartAsync()).Id);
            await AppendAsync(_first, ids[i], 1, 0, i + 1);
            await AppendAsync(_first, ids[i], 1, i + 1, 12);
        }

        await _first.DisposeAsync();
        await _first.ExpireAsync();
        await using var third = await StartAsync();
        List<AbandonedGeneration> all = [];
        for (var turn = 0; all.Count < 10; turn++)
        {
            var adopted = await (turn % 2 == 0 ? _second : third).Store.AdoptAbandonedAsync(3, Patience.Cancel);
            Assert.InRange(adopted.Count, 1, 3);
            all.AddRange(adopted);
        }

        Assert.Equal(ids.Select(id => id.Value).Order(), all.Select(one => one.Id.Value).Order());
        Assert.All(all, one => LogCuts.AssertSame(Text.UpTo(12), one.Log));
        Assert.Empty(await third.Store.AdoptAbandonedAsync(3, Patience.Cancel));
        Assert.Equal(0, await _second.CountAsync("generation_journal"));
        Assert.Equal(2, await _second.CountAsync("nodes"));
    }

    [Fact]
    public async Task Adoption_ByManyNodesAtOnce_GivesEachGenerationToOne()
    {
        List<GenerationId> ids = [];
        for (var i = 0; i < 40; i++)
        {
            ids.Add((await _first.StartAsync()).Id);
            await AppendAsync(_first, ids[i], 1, 0, 5);
        }

        await _first.ExpireAsync();
        PostgresProcess[] nodes = [_second, await StartAsync(), await StartAsync(), await StartAsync()];
        List<AbandonedGeneration> all = [];
        while (all.Count < ids.Count)
        {
            var adopted = await Task.WhenAll(
                nodes.Select(node => Task.Run(() => node.Store.AdoptAbandonedAsync(3, Patience.Cancel).AsTask(), Patience.Cancel))
            );
            all.AddRange(adopted.SelectMany(some => some));
        }

        Assert.Equal(ids.Select(id => id.Value).Order(), all.Select(one => one.Id.Value).Order());
        Assert.All(all, one => Assert.Equal((2, 5), (one.Epoch, one.Log.End)));
        foreach (var node in nodes.Skip(1))
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task Read_OfAGenerationThatAnotherNodeWrites_GivesWhatIsCommitted()
    {
        await using var spilling = PostgresProcess.Open(_data, new DatabaseOptions { SegmentBytes = 4, JournalBytes = 300 });
        await spilling.Store.RenewLeaseAsync(Patience.Cancel);
        var (id, _, _) = await spilling.StartAsync();
        var boundaries = Text.Boundaries();
        for (var i = 1; i < boundaries.Count; i++)
        {
            Assert.Equal(AppendOutcome.Committed, await AppendAsync(spilling, id, 1, boundaries[i - 1], boundaries[i]));
            Assert.Equal(boundaries[i], (await _second.Store.FindAsync(id, Patience.Cancel))!.End);
            foreach (var at in boundaries.Take(i + 1))
            {
                var slice = (await _second.Store.ReadAsync(id, at, 1000, Patience.Cancel))!.Value;
                Assert.Equal((at, boundaries[i]), (slice.From, slice.To));
                LogCuts.AssertIsPartOf(Text, slice);
            }
        }
    }

    [Fact]
    public async Task Lease_ThatExpiredWhileTheDatabaseWasAway_IsNotJudgedAtOnce()
    {
        var time = new FakeTimeProvider();
        var lease = TimeSpan.FromSeconds(1);
        await using var judge = PostgresProcess.Open(_data, lease: lease, time: time);
        await judge.Store.RenewLeaseAsync(Patience.Cancel);
        await _first.StartAsync();
        await _data.RunAsync($"UPDATE nodes SET lease_until = 1 WHERE id = '{_first.Store.NodeId}'");

        // The judge could not renew its own lease for longer than it lasts: the others could not either.
        time.Advance(lease * 2);
        await judge.Store.RenewLeaseAsync(Patience.Cancel);
        Assert.Empty(await judge.Store.AdoptAbandonedAsync(10, Patience.Cancel));
        time.Advance(lease * 1.5);
        Assert.Single(await judge.Store.AdoptAbandonedAsync(10, Patience.Cancel));
    }

    [Fact]
    public async Task Generation_ThatItsNodeDoesNotKnow_IsAdoptedByIt()
    {
        // As after a start, or an adoption, whose reply was lost.
        var time = new FakeTimeProvider();
        await using var node = PostgresProcess.Open(_data, time: time);
        await node.Store.RenewLeaseAsync(Patience.Cancel);
        var (id, _, _) = await node.StartAsync();
        var (known, _, _) = await node.StartAsync();
        await AppendAsync(node, known, 1, 0, 5);
        node.Store.Forget([id]);

        Assert.Empty(await node.Store.AdoptAbandonedAsync(10, Patience.Cancel));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal((id, 2), (Assert.Single(await node.Store.AdoptAbandonedAsync(10, Patience.Cancel)) is var one ? one.Id : default, 2));
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(node, id, 2, 0, 5));
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(node, known, 1, 5, 8));
        Assert.Empty(await node.Store.AdoptAbandonedAsync(10, Patience.Cancel));
    }

    private async Task<PostgresProcess> StartAsync()
    {
        var process = PostgresProcess.Open(_data);
        await process.Store.RenewLeaseAsync(Patience.Cancel);
        return process;
    }

    private static async Task<AppendOutcome> AppendAsync(PostgresProcess process, GenerationId id, int epoch, long from, long to) =>
        Assert.Single(await process.Store.AppendAsync([Text.Pending(id, epoch, from, to)], Patience.Cancel));

    /// <summary>Waits until so many sessions of the database wait for a lock.</summary>
    private async Task WaitingAsync(int count)
    {
        while (
            await _data.ReadAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ) < count
        )
        {
            Patience.Cancel.ThrowIfCancellationRequested();
        }
    }
}
