using Parley.Server.Data;
using Parley.Server.Data.Postgres;
using Parley.Streaming.Generations;
using Parley.Testing.Generations;
using Parley.Testing.Postgres;

namespace Parley.Server.Tests.Data.Postgres;

/// <summary>Connections that break at any moment: nothing is committed twice, nothing that was committed is lost.</summary>
public sealed class PostgresFaultTests : IAsyncLifetime
{
    private static readonly LogSnapshot Text = new LogBuilder()
        .Open(PartKind.Text)
        .Text("0123456789 äöü 漢字")
        .Close()
        .Completed(new GenerationUsage(3, 4))
        .Log;

    private TestDatabase _data = null!;
    private PostgresProxy _proxy = null!;
    private PostgresProcess _process = null!;

    public async ValueTask InitializeAsync()
    {
        _data = await TestDatabase.CreateAsync();
        _proxy = new PostgresProxy(_data.Cluster);
        _process = PostgresProcess.Open(
            _data,
            new DatabaseOptions { SegmentBytes = 40, JournalBytes = 400 },
            _proxy.ConnectionString(_data.Name)
        );
        await _process.Store.RenewLeaseAsync(Patience.Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _proxy.DisposeAsync();
        await _data.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Append_WhoseConnectionIsLost_CountsOnce(bool afterTheCommit)
    {
        var (id, _, _) = await _process.StartAsync();
        await AppendAsync(id, 0, 5);
        Lose(afterTheCommit, 1);
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(id, 5, 9));
        Assert.Equal(1, _proxy.Cuts);
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(id, 9, 12));
        await AssertHoldsAsync(id, Text.UpTo(12), GenerationStatus.Running);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 2)]
    public async Task End_WhoseConnectionIsLost_CountsOnce(bool afterTheCommit, int request)
    {
        var (id, _, _) = await _process.StartAsync();
        await AppendAsync(id, 0, 5);
        Lose(afterTheCommit, request);
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(id, 5, Text.End));
        Assert.Equal(1, _proxy.Cuts);
        await AssertHoldsAsync(id, Text, GenerationStatus.Completed);
        Assert.Equal(7, await _data.ReadAsync<long>("SELECT total_tokens FROM conversations"));
    }

    [Fact]
    public async Task Append_OtherThanTheOneThatFailed_ComesAfterIt()
    {
        var ((one, _, _), (two, _, _)) = (await _process.StartAsync(), await _process.StartAsync());
        await AppendAsync(one, 0, 5);

        // All attempts of one call fail; the first of them was committed.
        _proxy.LoseReply();
        _proxy.RefusesNew = true;
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => AppendAsync(one, 5, 9));
        _proxy.RefusesNew = false;
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(two, 0, 5));
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(one, 5, 9));
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(one, 9, 12));
        await AssertHoldsAsync(one, Text.UpTo(12), GenerationStatus.Running);
        await AssertHoldsAsync(two, Text.UpTo(5), GenerationStatus.Running);
    }

    [Fact]
    public async Task Append_ThatFailedForLong_IsCommittedOnceWhenItIsRepeated()
    {
        var (id, _, _) = await _process.StartAsync();
        await AppendAsync(id, 0, 5);
        _proxy.LoseReply();
        _proxy.RefusesNew = true;
        for (var attempt = 0; attempt < 2; attempt++)
        {
            await Assert.ThrowsAsync<DatabaseUnavailableException>(() => AppendAsync(id, 5, 9));
            Assert.Equal(5, (await _process.Store.ReadAsync(id, 0, 100, Patience.Cancel))!.Value.To);
        }

        _proxy.RefusesNew = false;
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(id, 5, 9));
        await AssertHoldsAsync(id, Text.UpTo(9), GenerationStatus.Running);
    }

    [Fact]
    public async Task Appends_WithRequestsAndRepliesLostAtRandom_AreWhatTheModelSays() => await Patience.Seeds(30, async random =>
        {
            Dictionary<GenerationId, (LogSnapshot Log, long End)> all = [];
            for (var i = 0; i < 4; i++)
            {
                all[(await _process.StartAsync()).Id] = (RandomLog.Next(random), 0);
            }

            while (all.Values.Any(one => one.End < one.Log.End))
            {
                List<PendingSlice> slices = [];
                foreach (var (id, (log, end)) in all.Where(one => one.Value.End < one.Value.Log.End && random.Next(3) > 0))
                {
                    var boundaries = log.Boundaries();
                    var at = boundaries.IndexOf(end);
                    slices.Add(log.Pending(id, 1, end, boundaries[random.Next(at + 1, Math.Min(boundaries.Count, at + 30))]));
                }

                if (random.Next(3) == 0)
                {
                    Lose(random.Next(2) == 0, random.Next(1, 4));
                }

                var outcomes = await CommitAsync(slices);
                Assert.All(outcomes, outcome => Assert.Equal(AppendOutcome.Committed, outcome));
                foreach (var slice in slices)
                {
                    all[slice.Id] = (all[slice.Id].Log, slice.End);
                }
            }

            _proxy.LoseReply(0);
            foreach (var (id, (log, _)) in all)
            {
                await AssertHoldsAsync(id, log, log.Ended?.Status ?? GenerationStatus.Running);
            }
        });

    [Fact]
    public async Task Everything_WhileAllConnectionsAreEndedAgainAndAgain_GoesOn()
    {
        // Connections are ended at any moment: at most once in a step, since nothing could ever be done otherwise, and at least once in ten.
        using var steps = new SemaphoreSlim(0);
        var (step, rounds, isOver) = (0, 0, false);
        var ending = Task.Run(
            async () =>
            {
                while (!Volatile.Read(ref isOver))
                {
                    await _data.TerminateAsync();
                    Interlocked.Increment(ref rounds);
                    await steps.WaitAsync(Patience.Cancel);
                }
            },
            Patience.Cancel
        );
        var log = new LogBuilder()
            .Open(PartKind.Text)
            .Text(string.Concat(Enumerable.Range(0, 300).Select(i => $"{i} ")))
            .Close()
            .Completed()
            .Log;
        var id = await UntilAvailableAsync(async () => (await _process.StartAsync()).Id);
        var boundaries = log.Boundaries();
        var seen = 0L;
        for (long end = 0; end < log.End; )
        {
            var to = boundaries[Math.Min(boundaries.Count - 1, boundaries.IndexOf(end) + 7)];
            Assert.Equal([AppendOutcome.Committed], await CommitAsync([log.Pending(id, 1, end, to)]));
            end = to;
            step++;
            steps.Release();
            await Patience.Until(() => Volatile.Read(ref rounds) >= step / 10);
            if (await UntilAvailableAsync(async () => await _process.Store.ReadAsync(id, seen, 100, Patience.Cancel)) is { } slice)
            {
                Assert.Equal(seen, slice.From);
                LogCuts.AssertIsPartOf(log, slice);
                seen = slice.To;
            }
        }

        Volatile.Write(ref isOver, true);
        steps.Release();
        await ending.Soon();
        await AssertHoldsAsync(id, log, GenerationStatus.Completed);
    }

    [Fact]
    public async Task Server_StoppedAndStartedAgain_IsWaitedFor()
    {
        await using var cluster = await PostgresCluster.StartAsync(isDurable: true);
        await using var data = await TestDatabase.CreateAsync(cluster);
        await using var process = PostgresProcess.Open(data);
        await process.Store.RenewLeaseAsync(Patience.Cancel);
        var (id, owner, conversation) = await process.StartAsync();
        Assert.Equal([AppendOutcome.Committed], await process.Store.AppendAsync([Text.Pending(id, 1, 0, 5)], Patience.Cancel));
        await cluster.StopServerAsync("immediate");

        var next = Text.Pending(id, 1, 5, Text.End);
        await Assert.ThrowsAsync<DatabaseUnavailableException>(async () => await process.Store.AppendAsync([next], Patience.Cancel).Soon());
        await Assert.ThrowsAsync<DatabaseUnavailableException>(async () => await process.Store.FindAsync(id, Patience.Cancel).Soon());
        await Assert.ThrowsAsync<DatabaseUnavailableException>(async () => await process.Store.RenewLeaseAsync(Patience.Cancel).Soon());
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => process.Chats.RenameAsync(owner, conversation, "x").Soon());
        Assert.False(await process.Database.IsAvailableAsync(Patience.Cancel).Soon());
        Assert.Equal(5, (await process.Store.ReadAsync(id, 0, 100, Patience.Cancel))!.Value.To);

        await cluster.StartServerAsync();
        Assert.True(await process.Database.IsAvailableAsync(Patience.Cancel).Soon());
        Assert.True(await process.Chats.RenameAsync(owner, conversation, "x").Soon());
        Assert.Equal([AppendOutcome.Committed], await process.Store.AppendAsync([next], Patience.Cancel).Soon());
        Assert.Equal(
            new GenerationRecord(id, GenerationStatus.Completed, 1, Text.End),
            await process.Store.FindAsync(id, Patience.Cancel).Soon()
        );
    }

    [Fact]
    public async Task Failure_OfAnyKind_SaysNothingOfThePassword()
    {
        const string secret = "s3cret-and-long";
        foreach (var host in new[] { "127.0.0.1:1", $"127.0.0.1:{_data.Cluster.Port}", "no-such-host.invalid:5432" })
        {
            var options = new DatabaseOptions
            {
                ConnectionString = $"postgres://nobody:{secret}@{host}/nothing",
                ConnectTimeout = TimeSpan.FromSeconds(2),
            };
            await using var database = new PostgresDatabase(Microsoft.Extensions.Options.Options.Create(options), TimeProvider.System);
            var failure = await Assert.ThrowsAsync<DatabaseUnavailableException>(() =>
                database.WriteAsync(null, session => session.RunAsync("SELECT 1")).Soon()
            );
            Assert.DoesNotContain(secret, failure.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, database.Settings.ToString(), StringComparison.Ordinal);
        }
    }

    private void Lose(bool reply, int request)
    {
        if (reply)
        {
            _proxy.LoseReply(request);
        }
        else
        {
            _proxy.LoseRequest(request);
        }
    }

    private async Task<AppendOutcome> AppendAsync(GenerationId id, long from, long to) =>
        Assert.Single(await _process.Store.AppendAsync([Text.Pending(id, 1, from, to)], Patience.Cancel).Soon());

    /// <summary>Commits as the engine does: the same call again, until it succeeds.</summary>
    private Task<AppendOutcome[]> CommitAsync(IReadOnlyList<PendingSlice> slices) =>
        UntilAvailableAsync(async () => await _process.Store.AppendAsync(slices, Patience.Cancel));

    private static Task<T> UntilAvailableAsync<T>(Func<Task<T>> work)
    {
        return RepeatAsync().Soon();

        async Task<T> RepeatAsync()
        {
            while (true)
            {
                try
                {
                    return await work();
                }
                catch (DatabaseUnavailableException)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Patience.Cancel);
                }
            }
        }
    }

    /// <summary>In this process, and in the one that follows it.</summary>
    private async Task AssertHoldsAsync(GenerationId id, LogSnapshot log, GenerationStatus status)
    {
        await using var other = PostgresProcess.Open(_data);
        foreach (var store in new[] { _process.Store, other.Store })
        {
            Assert.Equal(new GenerationRecord(id, status, 1, log.End), await store.FindAsync(id, Patience.Cancel));
            var read = new LogBuilder();
            while ((await store.ReadAsync(id, read.End, 1000, Patience.Cancel))!.Value is { Bytes.Length: > 0 } slice)
            {
                read.Append(new PendingSlice(id, 0, slice.From, slice.Bytes, slice.Controls));
            }

            LogCuts.AssertSame(log, read.Log);
        }
    }
}
