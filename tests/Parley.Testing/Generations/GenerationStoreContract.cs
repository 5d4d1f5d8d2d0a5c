using System.Runtime.InteropServices;
using Parley.Streaming.Generations;

namespace Parley.Testing.Generations;

/// <summary>
/// The contract of <see cref="IGenerationStore"/>. To test a store, derive from this class in the test project of the store.
/// </summary>
public abstract class GenerationStoreContract : IAsyncLifetime
{
    private const int All = int.MaxValue;

    /// <summary>The store of the process that runs now. It owns what <see cref="NewGenerationAsync"/> makes, and holds a lease.</summary>
    protected abstract IGenerationStore Store { get; }

    /// <summary>A running generation, owned by this process under epoch 1, with an empty log.</summary>
    protected abstract Task<GenerationId> NewGenerationAsync();

    /// <summary>Kills the process without a shutdown, and starts another one over the same data.</summary>
    protected abstract Task RestartAsync();

    /// <summary>Deletes the conversation that the generation belongs to.</summary>
    protected abstract Task DeleteConversationAsync(GenerationId id);

    /// <summary>Makes large commits fail, as when the disk is full, until <see cref="AllowCommitsAsync"/>.</summary>
    protected abstract Task RefuseCommitsAsync();

    protected abstract Task AllowCommitsAsync();

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static LogSnapshot Sample { get; } =
        new LogBuilder()
            .Part(PartKind.Reasoning, "Thinking… 🤔")
            .Open(PartKind.Text)
            .Text("Grüße, 世界! 👨‍👩‍👧‍👦 ")
            .Text("More.")
            .Close()
            .Tool("call_1", "weather", "{\"city\":\"Zürich\"}")
            .Add(new ToolReturned("call_1", "{\"temperature\": 21}", null))
            .Add(new Seam(Seam.Adopted, "demo/parley"))
            .Open(PartKind.Text, continues: true)
            .Text("𝔈nd")
            .Close()
            .Completed(new GenerationUsage(10, 20, 3, null, true))
            .Log;

    [Fact]
    public async Task Append_ThenReadFromAnyBoundary_GivesTheRest()
    {
        var id = await NewGenerationAsync();
        var log = Sample.UpTo(Sample.End);
        await AppendInPiecesAsync(id, log, 7);

        foreach (var at in log.Boundaries())
        {
            var slice = await ReadAsync(id, at);
            Assert.Equal(at, slice.From);
            Assert.Equal(log.End, slice.To);
            LogCuts.AssertIsPartOf(log, slice);
        }
    }

    [Fact]
    public async Task Read_WithAFewBytesAtATime_NeverSplitsACharacterAndJoins()
    {
        var id = await NewGenerationAsync();
        await AppendInPiecesAsync(id, Sample.UpTo(Sample.End), 11);
        await ReadInPiecesAsync(id, Sample.UpTo(Sample.End));
        await EndAsync(id, Sample);
        await ReadInPiecesAsync(id, Sample);
    }

    [Fact]
    public async Task Append_NotAtTheEnd_IsFencedAndChangesNothing()
    {
        var id = await NewGenerationAsync();
        var log = new LogBuilder().Open(PartKind.Text).Text("0123456789").Log;
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(log.Pending(id, 1, 1, 3)));
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(log.Pending(id, 1, 0, 5)));
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(log.Pending(id, 1, 0, 5)));
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(log.Pending(id, 1, 4, 6)));
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(log.Pending(id, 1, 6, 8)));

        await AssertHoldsAsync(id, log.UpTo(5), GenerationStatus.Running, epoch: 1);
    }

    [Fact]
    public async Task Append_UnderAStaleOrFutureEpoch_IsFenced()
    {
        var id = await NewGenerationAsync();
        await AppendAsync(Sample.Pending(id, 1, 0, 4));
        await Store.ReleaseLeaseAsync(Cancel);
        var adopted = Assert.Single(await Store.AdoptAbandonedAsync(10, Cancel));

        Assert.Equal((id, 2, 1), (adopted.Id, adopted.Epoch, adopted.Adoptions));
        LogCuts.AssertSame(Sample.UpTo(4), adopted.Log);
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(Sample.Pending(id, 1, 4, 8)));
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(Sample.Pending(id, 3, 4, 8)));
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(Sample.Pending(id, 1, 4, Sample.End)));
        await AssertHoldsAsync(id, Sample.UpTo(4), GenerationStatus.Running, epoch: 2);
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(Sample.Pending(id, 2, 4, 8)));
        await AssertHoldsAsync(id, Sample.UpTo(8), GenerationStatus.Running, epoch: 2);
    }

    [Fact]
    public async Task Append_RacingWithAnAdoption_NeitherLosesNorDoubles()
    {
        var log = new LogBuilder().Open(PartKind.Text).Text(new string('x', 400)).Log;
        for (var round = 0; round < 20; round++)
        {
            var id = await NewGenerationAsync();
            await Store.ReleaseLeaseAsync(Cancel);
            var appending = Task.Run(
                async () =>
                {
                    long end = 0;
                    while (end < log.End && await AppendAsync(log.Pending(id, 1, end, end + 1)) == AppendOutcome.Committed)
                    {
                        end++;
                    }

                    return end;
                },
                Cancel
            );
            if (round % 2 == 0)
            {
                await AppendAsync(new PendingSlice(await NewGenerationAsync(), 1, 0, "ab"u8.ToArray(), default));
            }

            var adopted = (await Store.AdoptAbandonedAsync(1000, Cancel)).Single(generation => generation.Id == id);

            Assert.Equal(await appending, adopted.Log.End);
            LogCuts.AssertSame(log.UpTo(adopted.Log.End), adopted.Log);
            Assert.Equal(AppendOutcome.Committed, await AppendAsync(log.Pending(id, adopted.Epoch, adopted.Log.End, log.End)));
            await AssertHoldsAsync(id, log, GenerationStatus.Running, adopted.Epoch);
            await Store.RenewLeaseAsync(Cancel);
        }
    }

    [Fact]
    public async Task Append_OfManyGenerationsAtOnce_KeepsThemApart()
    {
        var ids = new List<GenerationId>();
        for (var i = 0; i < 8; i++)
        {
            ids.Add(await NewGenerationAsync());
        }

        var text = Enumerable
            .Range(0, 8)
            .Select(i => new LogBuilder().Open(PartKind.Text).Text(string.Concat(Enumerable.Repeat($"<{i}é>", 100))).Log)
            .ToArray();

        await Task.WhenAll(ids.Select((id, i) => Task.Run(() => AppendInPiecesAsync(id, text[i], 13), Cancel)));

        for (var i = 0; i < 8; i++)
        {
            await AssertHoldsAsync(ids[i], text[i], GenerationStatus.Running, 1);
        }

        await RestartAsync();
        for (var i = 0; i < 8; i++)
        {
            await AssertHoldsAsync(ids[i], text[i], GenerationStatus.Running, 1);
        }
    }

    [Fact]
    public async Task Append_OneSliceFenced_CommitsTheOthers()
    {
        var (a, b, c) = (await NewGenerationAsync(), await NewGenerationAsync(), await NewGenerationAsync());
        var unknown = new GenerationId(Guid.NewGuid());

        var outcomes = await Store.AppendAsync(
            [Sample.Pending(a, 1, 0, 3), Sample.Pending(b, 9, 0, 3), Sample.Pending(unknown, 1, 0, 3), Sample.Pending(c, 1, 0, Sample.End)],
            Cancel
        );

        Assert.Equal([AppendOutcome.Committed, AppendOutcome.Fenced, AppendOutcome.Fenced, AppendOutcome.Committed], outcomes);
        await AssertHoldsAsync(a, Sample.UpTo(3), GenerationStatus.Running, 1);
        await AssertHoldsAsync(b, LogSnapshot.Empty, GenerationStatus.Running, 1);
        await AssertHoldsAsync(c, Sample, GenerationStatus.Completed, 1);
        Assert.Null(await Store.FindAsync(unknown, Cancel));
    }

    [Fact]
    public async Task End_Appended_IsFinal()
    {
        var id = await NewGenerationAsync();
        await AppendInPiecesAsync(id, Sample, 9);
        var second = LogBuilder.Of(Sample).Completed().Log;

        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(second.Pending(id, 1, Sample.End, second.End)));
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(Sample.Pending(id, 1, Sample.End - 1, Sample.End)));
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(Sample.Pending(id, 1, 0, Sample.End)));
        await Store.ReleaseLeaseAsync(Cancel);
        Assert.Empty(await Store.AdoptAbandonedAsync(10, Cancel));
        await AssertHoldsAsync(id, Sample, GenerationStatus.Completed, 1);
        await RestartAsync();
        Assert.Empty(await Store.AdoptAbandonedAsync(10, Cancel));
        await AssertHoldsAsync(id, Sample, GenerationStatus.Completed, 1);
    }

    [Theory]
    [InlineData(GenerationStatus.Completed)]
    [InlineData(GenerationStatus.Stopped)]
    [InlineData(GenerationStatus.Failed)]
    [InlineData(GenerationStatus.Interrupted)]
    public async Task End_OfEachKind_GivesItsStatus(GenerationStatus status)
    {
        var id = await NewGenerationAsync();
        var log = new LogBuilder().Part(PartKind.Text, "x").Add(new GenerationEnded(status, "stop")).Log;
        await AppendInPiecesAsync(id, log, 2);
        await AssertHoldsAsync(id, log, status, 1);
    }

    [Fact]
    public async Task End_Committed_ChangesNoPositionAndNoByte()
    {
        await Patience.Seeds(25, async random =>
        {
            var id = await NewGenerationAsync();
            var log = RandomLog.Next(random);
            await AppendInPiecesAsync(id, log.UpTo(log.End), random.Next(1, 60));
            List<LogSlice> before = [];
            foreach (var at in log.Boundaries().SkipLast(1))
            {
                before.Add(await ReadAsync(id, at));
            }

            await EndAsync(id, log);

            foreach (var (at, slice) in log.Boundaries().SkipLast(1).Zip(before))
            {
                LogCuts.AssertIsPartOf(log, slice);
                var after = await ReadAsync(id, at);
                LogCuts.AssertIsPartOf(log, after);
                Assert.Equal(log.End, after.To);
                if (slice.Bytes.Length > 0)
                {
                    Assert.Equal(slice.Bytes.ToArray(), after.Bytes[..slice.Bytes.Length].ToArray());
                }
            }
        });
    }

    [Fact]
    public async Task Adoption_InParallel_GivesEachGenerationToOneCaller()
    {
        List<GenerationId> ids = [];
        for (var i = 0; i < 30; i++)
        {
            ids.Add(await NewGenerationAsync());
        }

        await AppendInPiecesAsync(ids[3], Sample.UpTo(20), 5);
        await AppendInPiecesAsync(ids[4], Sample, 50);
        await RestartAsync();
        await Store.RenewLeaseAsync(Cancel);

        var adopted = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(_ =>
                    Task.Run(
                        async () =>
                        {
                            List<AbandonedGeneration> mine = [];
                            while (await Store.AdoptAbandonedAsync(3, Cancel) is { Count: > 0 } some)
                            {
                                Assert.InRange(some.Count, 1, 3);
                                mine.AddRange(some);
                            }

                            return mine;
                        },
                        Cancel
                    )
                )
        );

        var all = adopted.SelectMany(mine => mine).ToList();
        Assert.Equal(ids.Where(id => id != ids[4]).Select(id => id.Value).Order(), all.Select(one => one.Id.Value).Order());
        Assert.All(all, one => Assert.Equal((2, 1), (one.Epoch, one.Adoptions)));
        LogCuts.AssertSame(Sample.UpTo(20), all.Single(one => one.Id == ids[3]).Log);
        Assert.Empty(await Store.AdoptAbandonedAsync(10, Cancel));
    }

    [Fact]
    public async Task Adoption_WhileTheLeaseHolds_GivesNothing()
    {
        await NewGenerationAsync();
        await Store.RenewLeaseAsync(Cancel);
        Assert.Empty(await Store.AdoptAbandonedAsync(10, Cancel));
    }

    [Fact]
    public async Task Adoption_AgainAndAgain_CountsAdoptions()
    {
        var id = await NewGenerationAsync();
        long end = 0;
        foreach (var (adoption, to) in new[] { (1, 4L), (2, 9L), (3, 13L), (4, 28L) })
        {
            await RestartAsync();
            await Store.RenewLeaseAsync(Cancel);
            var adopted = Assert.Single(await Store.AdoptAbandonedAsync(10, Cancel));
            Assert.Equal((id, adoption + 1, adoption, end), (adopted.Id, adopted.Epoch, adopted.Adoptions, adopted.Log.End));
            LogCuts.AssertSame(Sample.UpTo(end), adopted.Log);
            await AppendAsync(Sample.Pending(id, adopted.Epoch, end, to));
            end = to;
        }
    }

    [Fact]
    public async Task Delete_WhileItRuns_FencesItsWriter()
    {
        var (id, other) = (await NewGenerationAsync(), await NewGenerationAsync());
        await AppendInPiecesAsync(id, Sample.UpTo(20), 6);
        await AppendInPiecesAsync(other, Sample.UpTo(20), 6);
        await DeleteConversationAsync(id);

        Assert.Equal(
            [AppendOutcome.Fenced, AppendOutcome.Committed],
            await Store.AppendAsync([Sample.Pending(id, 1, 20, 28), Sample.Pending(other, 1, 20, 28)], Cancel)
        );
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(Sample.Pending(id, 1, 20, Sample.End)));
        Assert.Null(await Store.FindAsync(id, Cancel));
        Assert.Null(await Store.ReadAsync(id, 0, All, Cancel));
        await RestartAsync();
        Assert.Null(await Store.FindAsync(id, Cancel));
        await AssertHoldsAsync(other, Sample.UpTo(28), GenerationStatus.Running, 1);
        Assert.Equal(other, Assert.Single(await Store.AdoptAbandonedAsync(10, Cancel)).Id);
    }

    [Fact]
    public async Task Restart_AtAnyMoment_KeepsAllThatWasCommitted()
    {
        var id = await NewGenerationAsync();
        var log = Sample;
        long end = 0;
        var epoch = 1;
        foreach (var to in log.Boundaries().Where((_, i) => i % 9 == 8).Append(log.End))
        {
            Assert.Equal(AppendOutcome.Committed, await AppendAsync(log.Pending(id, epoch, end, to)));
            end = to;
            await RestartAsync();
            await AssertHoldsAsync(
                id,
                end == log.End ? log : log.UpTo(end),
                end == log.End ? GenerationStatus.Completed : GenerationStatus.Running,
                epoch
            );
            if (end < log.End)
            {
                epoch = Assert.Single(await Store.AdoptAbandonedAsync(10, Cancel)).Epoch;
            }
        }
    }

    [Fact]
    public async Task Find_Unknown_IsNull()
    {
        var id = new GenerationId(Guid.NewGuid());
        Assert.Null(await Store.FindAsync(id, Cancel));
        Assert.Null(await Store.ReadAsync(id, 0, 100, Cancel));
        Assert.Equal(AppendOutcome.Fenced, await AppendAsync(Sample.Pending(id, 1, 0, 3)));
    }

    [Fact]
    public async Task Find_Running_GivesTheCommittedEnd()
    {
        var id = await NewGenerationAsync();
        Assert.Equal(new GenerationRecord(id, GenerationStatus.Running, 1, 0), await Store.FindAsync(id, Cancel));
        foreach (var to in new long[] { 1, 10, 40 })
        {
            await AppendAsync(Sample.Pending(id, 1, (await Store.FindAsync(id, Cancel))!.End, to));
            Assert.Equal(new GenerationRecord(id, GenerationStatus.Running, 1, to), await Store.FindAsync(id, Cancel));
        }
    }

    [Fact]
    public async Task Read_AtTheEnd_IsEmpty()
    {
        var id = await NewGenerationAsync();
        Assert.Equal(0, (await ReadAsync(id, 0)).Bytes.Length);
        await AppendAsync(Sample.Pending(id, 1, 0, 4));
        Assert.Equal((4, 0), ((await ReadAsync(id, 4)).From, (await ReadAsync(id, 4)).Bytes.Length));
        await AppendAsync(Sample.Pending(id, 1, 4, Sample.End));
        var end = await ReadAsync(id, Sample.End);
        Assert.Equal((Sample.End, 0), (end.From, end.Bytes.Length));
    }

    /// <summary>A reader that waits for its client holds its slice, which must not keep the whole log in memory.</summary>
    [Fact]
    public async Task Read_OfALongLog_SharesNoMemoryMuchLargerThanTheSlice()
    {
        const int Size = 16 * 1024;
        var id = await NewGenerationAsync();
        var log = new LogBuilder().Part(PartKind.Text, new string('é', 700_000)).Completed().Log;
        long end = 0;
        foreach (var to in new[] { 100_001L, 700_001, 1_000_001, 1_400_002, log.End })
        {
            Assert.Equal(AppendOutcome.Committed, await AppendAsync(log.Pending(id, 1, end, to)));
            end = to;
            for (long at = 1; at < end; at += 99_990)
            {
                var slice = await ReadAsync(id, at, Size);
                LogCuts.AssertIsPartOf(log, slice);
                Assert.InRange(slice.Bytes.Length, 1, Size);
                Assert.True(MemoryMarshal.TryGetArray(slice.Bytes, out var memory));
                Assert.InRange(memory.Array!.Length, 1, 4 * Size);
            }
        }
    }

    [Fact]
    public async Task Append_ThatCannotBeCommitted_LeavesNothingAndMayBeRepeated()
    {
        var (large, small) = (await NewGenerationAsync(), await NewGenerationAsync());
        var log = new LogBuilder().Open(PartKind.Text).Text("Once ").Text(new string('é', 500_000)).Close().Completed().Log;
        await AppendAsync(log.Pending(large, 1, 0, 6));
        await AppendAsync(Sample.Pending(small, 1, 0, 4));
        PendingSlice[] slices = [Sample.Pending(small, 1, 4, Sample.End), log.Pending(large, 1, 6, log.End - 1)];

        await RefuseCommitsAsync();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await Assert.ThrowsAnyAsync<Exception>(async () => await Store.AppendAsync(slices, Cancel));
            await AssertHoldsAsync(small, Sample.UpTo(4), GenerationStatus.Running, 1);
            await AssertHoldsAsync(large, log.UpTo(6), GenerationStatus.Running, 1);
        }

        await AllowCommitsAsync();
        Assert.Equal([AppendOutcome.Committed, AppendOutcome.Committed], await Store.AppendAsync(slices, Cancel));
        await AssertHoldsAsync(small, Sample, GenerationStatus.Completed, 1);
        await AssertHoldsAsync(large, log.UpTo(log.End - 1), GenerationStatus.Running, 1);
        await RestartAsync();
        await AssertHoldsAsync(small, Sample, GenerationStatus.Completed, 1);
        await AssertHoldsAsync(large, log.UpTo(log.End - 1), GenerationStatus.Running, 1);
    }

    [Fact]
    public async Task End_ThatCannotBeCommitted_LeavesItRunningAndMayBeRepeated()
    {
        var id = await NewGenerationAsync();
        var log = new LogBuilder().Part(PartKind.Text, new string('漢', 300_000)).Completed().Log;
        await AppendInPiecesAsync(id, log.UpTo(4), 4);
        await RefuseCommitsAsync();
        await Assert.ThrowsAnyAsync<Exception>(async () => await AppendAsync(log.Pending(id, 1, 4, log.End)));
        await AssertHoldsAsync(id, log.UpTo(4), GenerationStatus.Running, 1);
        await AllowCommitsAsync();

        Assert.Equal(AppendOutcome.Committed, await AppendAsync(log.Pending(id, 1, 4, log.End)));
        await AssertHoldsAsync(id, log, GenerationStatus.Completed, 1);
    }

    [Fact]
    public async Task Read_WhileItIsWrittenAndEnds_IsAlwaysAPartOfTheLog()
    {
        var log = LogBuilder
            .Of(new LogBuilder().Open(PartKind.Text).Text(string.Concat(Enumerable.Repeat("wörd 漢字 😀 ", 120))).Close().Log)
            .Completed()
            .Log;
        var id = await NewGenerationAsync();
        var writing = Task.Run(() => AppendInPiecesAsync(id, log, 17), Cancel);
        var readers = Enumerable
            .Range(0, 4)
            .Select(reader =>
                Task.Run(
                    async () =>
                    {
                        long at = 0;
                        while (at < log.End)
                        {
                            var slice = await ReadAsync(id, at, 40 + reader);
                            Assert.Equal(at, slice.From);
                            LogCuts.AssertIsPartOf(log, slice);
                            Assert.True((await Store.FindAsync(id, Cancel))!.End >= slice.To);
                            at = slice.To;
                        }
                    },
                    Cancel
                )
            )
            .ToArray();
        await writing.Soon();
        await Task.WhenAll(readers).Soon();
    }

    /// <summary>Random operations, compared with a model that consists of the logs alone.</summary>
    [Fact]
    public async Task Store_AnyHistory_IsWhatTheModelSays() => await Patience.Seeds(30, async random =>
        {
            List<Expected> all = [];
            for (var i = random.Next(1, 5); i > 0; i--)
            {
                all.Add(new Expected(await NewGenerationAsync()));
            }

            for (var step = 0; step < 80; step++)
            {
                var one = all[random.Next(all.Count)];
                switch (random.Next(20))
                {
                    case < 10:
                        await AppendSomeAsync(all, random);
                        break;
                    case 10:
                        Assert.Equal(
                            AppendOutcome.Fenced,
                            await AppendAsync(
                                new PendingSlice(one.Id, one.Epoch + (random.Next(2) == 0 ? -1 : 1), one.Log.End, "x"u8.ToArray(), default)
                            )
                        );
                        break;
                    case 11:
                        Assert.Equal(
                            AppendOutcome.Fenced,
                            await AppendAsync(
                                new PendingSlice(one.Id, one.Epoch, one.Log.End + (random.Next(2) == 0 ? -1 : 1), "x"u8.ToArray(), default)
                            )
                        );
                        break;
                    case < 15:
                        await one.AssertReadAsync(Store, random);
                        break;
                    case 15:
                        await one.AssertHoldsAsync(this);
                        break;
                    case 16 when random.Next(3) == 0:
                        await RestartAsync();
                        await Store.RenewLeaseAsync(Cancel);
                        await AdoptAsync(all);
                        break;
                    case 17 when random.Next(3) == 0:
                        await Store.ReleaseLeaseAsync(Cancel);
                        await AdoptAsync(all);
                        await Store.RenewLeaseAsync(Cancel);
                        break;
                    case 18 when random.Next(4) == 0 && !one.Deleted:
                        await DeleteConversationAsync(one.Id);
                        one.Deleted = true;
                        break;
                    case 19 when all.Count < 8:
                        all.Add(new Expected(await NewGenerationAsync()));
                        break;
                }
            }

            foreach (var one in all)
            {
                await one.AssertHoldsAsync(this);
            }

            await RestartAsync();
            foreach (var one in all)
            {
                await one.AssertHoldsAsync(this);
            }
        });

    private async Task AppendSomeAsync(List<Expected> all, Random random)
    {
        List<(Expected One, LogSnapshot Next)> appended = [];
        foreach (var one in all.Where(_ => random.Next(2) == 0))
        {
            var log = LogBuilder.Of(one.Log);
            var open = one.Open;
            for (var i = random.Next(1, 5); i > 0; i--)
            {
                RandomLog.Extend(log, random, ref open);
            }

            if (random.Next(40) == 0)
            {
                RandomLog.Close(log, ref open);
                log.Add(RandomLog.End(random, log.End));
            }

            if (log.End == one.Log.End)
            {
                continue;
            }

            appended.Add((one, log.Log));
        }

        var outcomes = await Store.AppendAsync(
            [.. appended.Select(pair => pair.Next.Pending(pair.One.Id, pair.One.Epoch, pair.One.Log.End, pair.Next.End))],
            Cancel
        );
        foreach (var ((one, next), outcome) in appended.Zip(outcomes))
        {
            Assert.Equal(one.Deleted || one.Log.Ended is not null ? AppendOutcome.Fenced : AppendOutcome.Committed, outcome);
            if (outcome == AppendOutcome.Committed)
            {
                one.Log = next;
            }
        }
    }

    private async Task AdoptAsync(List<Expected> all)
    {
        var adopted = await Store.AdoptAbandonedAsync(10_000, Cancel);
        var running = all.Where(one => !one.Deleted && one.Log.Ended is null).ToDictionary(one => one.Id);
        foreach (var one in adopted)
        {
            // Generations of other seeds may still run.
            if (!running.Remove(one.Id, out var expected))
            {
                continue;
            }

            Assert.Equal(++expected.Epoch, one.Epoch);
            Assert.Equal(expected.Epoch - 1, one.Adoptions);
            LogCuts.AssertSame(expected.Log, one.Log);
        }

        Assert.Empty(running);
    }

    private sealed class Expected(GenerationId id)
    {
        public GenerationId Id { get; } = id;
        public LogSnapshot Log { get; set; } = LogSnapshot.Empty;
        public int Epoch { get; set; } = 1;
        public bool Deleted { get; set; }

        public PartOpened? Open => Log.From(Log.End).Open;

        public async Task AssertReadAsync(IGenerationStore store, Random random)
        {
            var boundaries = Log.Boundaries();
            var at = boundaries[random.Next(boundaries.Count)];
            var read = await store.ReadAsync(Id, at, random.Next(1, 50), Cancel);
            Assert.Equal(Deleted, read is null);
            if (read is not { } slice)
            {
                return;
            }

            Assert.Equal(at, slice.From);
            Assert.Equal(at == Log.End, slice.Bytes.Length == 0);
            LogCuts.AssertIsPartOf(Log, slice);
        }

        public async Task AssertHoldsAsync(GenerationStoreContract contract)
        {
            if (Deleted)
            {
                Assert.Null(await contract.Store.FindAsync(Id, Cancel));
            }
            else
            {
                await contract.AssertHoldsAsync(Id, Log, Log.Ended?.Status ?? GenerationStatus.Running, Epoch);
            }
        }
    }

    private async Task<AppendOutcome> AppendAsync(PendingSlice slice) => Assert.Single(await Store.AppendAsync([slice], Cancel));

    private async Task AppendInPiecesAsync(GenerationId id, LogSnapshot log, int size)
    {
        long end = 0;
        foreach (var to in log.Boundaries())
        {
            if (to == end || (to - end < size && to != log.End))
            {
                continue;
            }

            Assert.Equal(AppendOutcome.Committed, await AppendAsync(log.Pending(id, 1, end, to)));
            end = to;
        }
    }

    private async Task EndAsync(GenerationId id, LogSnapshot log) =>
        Assert.Equal(AppendOutcome.Committed, await AppendAsync(log.Pending(id, 1, log.End - 1, log.End)));

    private async Task<LogSlice> ReadAsync(GenerationId id, long after, int maxBytes = 1 << 20)
    {
        var slice = await Store.ReadAsync(id, after, maxBytes, Cancel);
        Assert.NotNull(slice);

        // A store may return less than it has: the rest is read and joined.
        var read = slice.Value;
        while (maxBytes == 1 << 20 && read.Bytes.Length > 0 && read.Ended is null)
        {
            var more = (await Store.ReadAsync(id, read.To, maxBytes, Cancel))!.Value;
            if (more.Bytes.Length == 0)
            {
                break;
            }

            read = new LogSlice(
                read.From,
                (byte[])[.. read.Bytes.Span, .. more.Bytes.Span],
                (PositionedEntry[])[.. read.Controls.Span, .. more.Controls.Span],
                read.Open
            );
        }

        return read;
    }

    private async Task ReadInPiecesAsync(GenerationId id, LogSnapshot log)
    {
        foreach (var size in new[] { 1, 2, 3, 4, 5, 7, 16, 1000 })
        {
            for (long at = 0; at < log.End; )
            {
                var slice = await ReadAsync(id, at, size);
                Assert.InRange(slice.Bytes.Length, 1, Math.Max(4, size));
                LogCuts.AssertIsPartOf(log, slice);
                at = slice.To;
            }
        }
    }

    private async Task AssertHoldsAsync(GenerationId id, LogSnapshot log, GenerationStatus status, int epoch)
    {
        Assert.Equal(new GenerationRecord(id, status, epoch, log.End), await Store.FindAsync(id, Cancel));
        var whole = await ReadAsync(id, 0);
        Assert.Equal(log.End, whole.To);
        LogCuts.AssertIsPartOf(log, whole);
        if (log.End > 0)
        {
            Assert.Equal(log.Ended, whole.Ended);
        }
    }
}
