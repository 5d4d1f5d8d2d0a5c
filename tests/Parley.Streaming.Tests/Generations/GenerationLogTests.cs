using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Streaming.Generations;
using Parley.Streaming.Generations.Bus;
using Parley.Testing;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.Generations;

/// <summary>
/// The log, its writer and its readers: durable before visible, group commit, and readers whose whole state is a position.
/// </summary>
public sealed class GenerationLogTests
{
    private static GenerationOptions Small =>
        new()
        {
            CommitSpacing = TimeSpan.Zero,
            WindowBytes = 1024,
            SliceBytes = 256,
        };

    [Fact]
    public async Task Reader_WhileACommitRuns_SeesNothingOfIt()
    {
        await using var engine = await TestEngine.StartAsync();
        var (entered, release) = Hold(engine.Store);
        var id = engine.Start(new PushedModel().Text("Hello"));
        await entered.Soon();
        using var reader = engine.Runner.Follow(id, 0, Patience.Cancel);

        Assert.False(reader.TryRead(out _));
        var wait = reader.WaitAsync();
        Assert.False(wait.IsCompleted);
        Assert.Equal(0, engine.Log(id).Durable);
        Assert.Equal(PositionCheck.Beyond, await engine.Runner.CheckAsync(id, 1, Patience.Cancel));

        release.SetResult();
        Assert.True(await wait.Soon());
        Assert.True(reader.TryRead(out var slice));
        Assert.Equal([LogSlice.Mark, .. "Hello"u8], slice.Bytes.ToArray());
        Assert.Equal(6, engine.Store.Log(id).End);
    }

    [Fact]
    public async Task Commit_WhileAnotherRuns_GathersAllThatComes()
    {
        await using var engine = await TestEngine.StartAsync();
        var (entered, release) = Hold(engine.Store);
        var (a, b) = (new PushedModel().Text("a"), new PushedModel());
        var first = engine.Start(a);
        await entered.Soon();
        var second = engine.Start(b);
        for (var i = 0; i < 50; i++)
        {
            a.Text("a");
            b.Text("b");
        }

        await Patience.Until(() => engine.Log(first).End == 52 && engine.Log(second).End == 51);
        release.SetResult();
        await Task.WhenAll(engine.Durable(first, 52), engine.Durable(second, 51));

        // One with what the first commit took, and one with everything else.
        Assert.Equal(2, engine.Store.Commits.Count);
        Assert.Equal(new HashSet<GenerationId> { first, second }, [.. engine.Store.Commits[1].Select(slice => slice.Id)]);
    }

    [Fact]
    public async Task Commit_OfManyBusyLogs_HoldsEachByteOnce()
    {
        await using var engine = await TestEngine.StartAsync();
        var models = Enumerable.Range(0, 8).Select(_ => new PushedModel()).ToArray();
        var ids = models.Select(model => engine.Start(model)).ToArray();
        await Task.WhenAll(
            models.Select(model =>
                Task.Run(
                    () =>
                    {
                        for (var i = 0; i < 3000; i++)
                        {
                            model.Text($"{i} ");
                        }

                        model.Complete();
                    },
                    Patience.Cancel
                )
            )
        );

        var expected = new LogBuilder().Part(PartKind.Text, string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i} "))).Completed().Log;
        foreach (var id in ids)
        {
            LogCuts.AssertSame(expected, await engine.ReadToEndAsync(id));
            LogCuts.AssertSame(expected, engine.Store.Log(id));
        }
    }

    [Fact]
    public async Task Commit_Failing_ShowsNothingAndLosesNothing()
    {
        await using var engine = await TestEngine.StartAsync();
        var failures = 0;
        var broken = true;
        var failed = new TaskCompletionSource();
        engine.Store.BeforeCommit = _ =>
        {
            if (!Volatile.Read(ref broken))
            {
                return Task.CompletedTask;
            }

            if (Interlocked.Increment(ref failures) == 3)
            {
                failed.TrySetResult();
            }

            throw new IOException("No space left on device.");
        };
        var model = new PushedModel().Text("one ");
        var id = engine.Start(model);
        var follower = new Follower(engine.Runner, id);
        await failed.Task.Soon();
        model.Text("two ").Text("three").Complete();
        await model.Left.Soon();
        Assert.Equal(0, follower.Position);
        Assert.Equal(0, engine.Store.Log(id).End);

        Volatile.Write(ref broken, false);
        Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
        LogCuts.AssertSame(new LogBuilder().Part(PartKind.Text, "one two three").Completed().Log, engine.Store.Log(id));
        follower.AssertSawPartOf(engine.Store.Log(id));
    }

    [Fact]
    public async Task Writer_Stopped_CommitsWhatIsQueued()
    {
        await using var engine = await TestEngine.StartAsync();
        var (entered, release) = Hold(engine.Store);
        var model = new PushedModel().Text("one ");
        var id = engine.Start(model);
        await entered.Soon();
        model.Text("two");
        await Patience.Until(() => engine.Log(id).End == 8);
        var stopped = engine.Writer.StopAsync(Patience.Cancel);
        release.SetResult();
        await stopped.Soon();
        Assert.Equal(8, engine.Store.Log(id).End);
    }

    [Fact]
    public async Task Reader_ThatIsSlow_GetsOneLargeSliceAndMissesNothing()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel();
        var id = engine.Start(model);
        using var slow = engine.Runner.Follow(id, 0, Patience.Cancel);
        var fast = new Follower(engine.Runner, id);
        var text = new StringBuilder();
        for (var i = 0; i < 100; i++)
        {
            text.Append($"token {i} ");
            model.Text($"token {i} ");
            await fast.Reached(1 + text.Length);
        }

        Assert.True(await slow.WaitAsync().Soon());
        Assert.True(slow.TryRead(out var slice));
        Assert.Equal(1 + text.Length, slice.To);
        Assert.Equal(text.ToString(), Encoding.UTF8.GetString(slice.Bytes.Span[1..]));
        Assert.False(slow.TryRead(out _));
        Assert.InRange(fast.Slices, 100, 101);
        Assert.Equal(0, engine.Store.Reads);
    }

    /// <summary>
    /// A reader that is far behind takes slices of bounded size: from memory, from the store, and from a store that returns too much.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reader_FarBehind_GetsSlicesOfBoundedSize(bool storeIgnoresSizes)
    {
        // No more than this waits for a commit, so the window drops what is older.
        var options = Small;
        options.PendingBytes = 256;
        await using var engine = await TestEngine.StartAsync(options);
        engine.Store.IgnoresSizes = storeIgnoresSizes;
        var model = new PushedModel();
        for (var i = 0; i < 200; i++)
        {
            model.Text($"wörd 漢字 😀 {i} ").Reasoning("Hm. ");
        }

        var id = engine.Start(model.Complete());
        await engine.ReadToEndAsync(id);
        var log = engine.Store.Log(id);
        using var reader = engine.Runner.Follow(id, 0, Patience.Cancel);
        long position = 0;
        while (reader.State == LogReaderState.Following)
        {
            while (reader.TryRead(out var slice))
            {
                Assert.InRange(slice.Bytes.Length, 1, options.SliceBytes);
                Assert.Equal(position, slice.From);
                LogCuts.AssertIsPartOf(log, slice);
                position = slice.To;
            }

            if (reader.State == LogReaderState.Following)
            {
                await reader.WaitAsync().Soon();
            }
        }

        Assert.Equal(log.End, position);
        Assert.InRange(engine.Store.Reads, 1, int.MaxValue);
    }

    /// <summary>Readers that wait for their clients hold one slice each, and not the answer.</summary>
    [Fact]
    public async Task Readers_ThatStopInALongAnswer_HoldLittleMemory()
    {
        const int Count = 100;
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel();
        var piece = new string('x', 64 * 1024);
        for (var i = 0; i < 48; i++)
        {
            model.Text(piece);
        }

        var id = engine.Start(model.Complete());
        await engine.EndedAsync(id);
        HashSet<byte[]> held = [];
        for (var i = 0; i < Count; i++)
        {
            using var reader = engine.Runner.Follow(id, i, Patience.Cancel);
            Assert.True(await reader.WaitAsync().Soon());
            Assert.True(reader.TryRead(out var slice));
            Assert.Equal(engine.Options.SliceBytes, slice.Bytes.Length);
            Assert.True(MemoryMarshal.TryGetArray(slice.Bytes, out var memory));
            held.Add(memory.Array!);
        }

        Assert.InRange(held.Sum(array => array.Length), 1, Count * 2 * engine.Options.SliceBytes);
    }

    [Fact]
    public async Task Reader_BehindTheWindow_IsServedFromTheStore()
    {
        await using var engine = await TestEngine.StartAsync(Small);
        var model = new PushedModel();
        var id = engine.Start(model);
        var fast = new Follower(engine.Runner, id);
        var log = new LogBuilder().Open(PartKind.Text);
        for (var i = 0; i < 60; i++)
        {
            var text = $"wörd 漢字 😀 {i} " + new string('.', 150);
            log.Text(text);
            model.Text(text);
            await fast.Reached(log.End);
        }

        Assert.Null(engine.Log(id).IsBoundary(0));
        var before = engine.Store.Reads;
        var late = log.Log.Boundaries().Where((_, i) => i % 500 == 0).Select(from => new Follower(engine.Runner, id, from)).ToList();
        foreach (var follower in late)
        {
            await follower.Reached(log.End);
        }

        Assert.NotEqual(before, engine.Store.Reads);

        // From here on they read from memory again.
        before = engine.Store.Reads;
        model.Text("The end.").Complete();
        foreach (var follower in late.Append(fast))
        {
            Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
            follower.AssertSawPartOf(engine.Store.Log(id));
        }

        Assert.Equal(before, engine.Store.Reads);
    }

    [Fact]
    public async Task Readers_AThousand_AllSeeTheSame()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel();
        var id = engine.Start(model);
        List<Follower> followers = [];
        for (var i = 0; i < 1000; i++)
        {
            followers.Add(new Follower(engine.Runner, id, i % 5 == 0 ? engine.Log(id).Durable : 0));
            if (i % 5 == 0)
            {
                model.Text($"{i} 😀 ");
            }
        }

        model.Complete();
        foreach (var follower in followers)
        {
            Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
            follower.AssertSawPartOf(engine.Store.Log(id));
            Assert.Equal(engine.Store.Log(id).End, follower.Position);
        }
    }

    [Fact]
    public async Task Reader_Cancelled_DoesNotAffectOthers()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel().Text("one ");
        var id = engine.Start(model);
        var followers = Enumerable.Range(0, 20).Select(_ => new Follower(engine.Runner, id)).ToList();
        foreach (var follower in followers)
        {
            await follower.Reached(5);
        }

        foreach (var follower in followers.Take(10))
        {
            await follower.LeaveAsync();
        }

        model.Text("two").Complete();

        foreach (var follower in followers.Skip(10))
        {
            Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
        }

        Assert.All(followers.Take(10), follower => Assert.Equal(5, follower.Position));
        Assert.Equal(GenerationStatus.Completed, engine.Store.Log(id).Ended!.Status);
    }

    [Fact]
    public async Task Reader_AlreadyCancelled_Throws()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = engine.Start(new PushedModel());
        using var reader = engine.Runner.Follow(id, 0, new CancellationToken(canceled: true));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reader.WaitAsync());
    }

    [Fact]
    public async Task WaitAsync_Woken_ReturnsFalseAndMayBeRepeated()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel();
        var id = engine.Start(model);
        using var reader = engine.Runner.Follow(id, 0, Patience.Cancel);
        for (var i = 0; i < 3; i++)
        {
            var wait = reader.WaitAsync();
            Assert.False(wait.IsCompleted);
            reader.Wake();
            Assert.False(await wait.Soon());
        }

        reader.Wake();
        var last = reader.WaitAsync();
        Assert.False(last.IsCompleted);
        model.Text("x");
        Assert.True(await last.Soon());
    }

    [Fact]
    public async Task Reader_WokenAllTheTime_MissesNothing()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel();
        var id = engine.Start(model);
        using var reader = engine.Runner.Follow(id, 0, Patience.Cancel);
        var waking = Task.Run(
            async () =>
            {
                while (reader.State == LogReaderState.Following)
                {
                    reader.Wake();
                    await Task.Yield();
                }
            },
            Patience.Cancel
        );
        var reading = Task.Run(
            async () =>
            {
                long position = 0;
                while (true)
                {
                    while (reader.TryRead(out var slice))
                    {
                        Assert.Equal(position, slice.From);
                        position = slice.To;
                    }

                    if (reader.State != LogReaderState.Following)
                    {
                        return position;
                    }

                    await reader.WaitAsync();
                }
            },
            Patience.Cancel
        );
        for (var i = 0; i < 3000; i++)
        {
            model.Text("word ");
            if (i % 10 == 0)
            {
                await Task.Yield();
            }
        }

        model.Complete();
        Assert.Equal(3 + 3000 * 5, await reading.Soon());
        await waking.Soon();
    }

    [Fact]
    public async Task Reader_OfADeletedGeneration_IsLost()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel().Text("one ");
        var id = engine.Start(model);
        var follower = new Follower(engine.Runner, id);
        await follower.Reached(5);
        engine.Store.Delete(id);
        model.Text("two");
        Assert.Equal(LogReaderState.Lost, await follower.Done.Soon());
        Assert.Equal(5, follower.Position);
        await model.Left.Soon();
        Assert.Equal(LogReaderState.Lost, await new Follower(engine.Runner, id).Done.Soon());
    }

    [Fact]
    public async Task Reader_OfAnEndedGeneration_ReadsItFromTheStore()
    {
        var time = new FakeTimeProvider();
        await using var engine = await TestEngine.StartAsync(time: time);
        var id = engine.Start(new PushedModel().Text("Hello").Complete());
        await engine.ReadToEndAsync(id);
        Assert.NotNull(engine.Runner.Find(id));
        await engine.EndedAsync(id);
        await Patience.Until(() => time.ArmedTimers > 0);
        time.Advance(engine.Options.Linger);
        await engine.ForgottenAsync(id);

        foreach (var from in engine.Store.Log(id).Boundaries())
        {
            var follower = new Follower(engine.Runner, id, from);
            Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
            follower.AssertSawPartOf(engine.Store.Log(id));
            Assert.Equal(engine.Store.Log(id).End, follower.Position);
        }
    }

    [Fact]
    public async Task Check_OfEveryPosition_SaysWhetherItMayBeUsed()
    {
        var time = new FakeTimeProvider();
        await using var engine = await TestEngine.StartAsync(Small, time);
        var model = new PushedModel();
        var id = engine.Start(model);
        var text = string.Concat(Enumerable.Range(0, 120).Select(i => $"{i} é漢😀 "));
        foreach (var piece in text.Chunk(40))
        {
            model.Text(new string(piece));
        }

        var running = new LogBuilder().Open(PartKind.Text).Text(text).Log;
        await engine.Durable(id, running.End);
        await AssertChecksAsync(running, PositionCheck.Good);

        model.Complete();
        await engine.ReadToEndAsync(id);
        var ended = engine.Store.Log(id);
        await AssertChecksAsync(ended, PositionCheck.AtEnd);
        await engine.EndedAsync(id);
        await Patience.Until(() => time.ArmedTimers > 0);
        time.Advance(engine.Options.Linger);
        await engine.ForgottenAsync(id);
        await AssertChecksAsync(ended, PositionCheck.AtEnd);
        Assert.Equal(PositionCheck.Unknown, await engine.Runner.CheckAsync(new GenerationId(Guid.NewGuid()), 0, Patience.Cancel));

        async Task AssertChecksAsync(LogSnapshot log, PositionCheck atEnd)
        {
            var boundaries = log.Boundaries().ToHashSet();
            for (long at = -2; at <= log.End + 2; at++)
            {
                var expected =
                    at < 0 || at > log.End ? PositionCheck.Beyond
                    : at == log.End ? atEnd
                    : boundaries.Contains(at) ? PositionCheck.Good
                    : PositionCheck.InsideCharacter;
                Assert.Equal((at, expected), (at, await engine.Runner.CheckAsync(id, at, Patience.Cancel)));
            }
        }
    }

    /// <summary>The log alone, with a small window, compared with a byte array.</summary>
    [Fact]
    public async Task Log_AnyHistory_IsWhatTheModelSays() => await Patience.Seeds(300, random =>
        {
            var options = new GenerationOptions { WindowBytes = random.Next(16, 200) };
            using var writer = new LogWriter(
                new MemoryGenerationStore(new MemoryDisk(), "n", TimeProvider.System, options.Lease),
                new InProcessGenerationBus(),
                Microsoft.Extensions.Options.Options.Create(options),
                TimeProvider.System,
                NullLogger<LogWriter>.Instance
            );
            var start = RandomLog.Next(random, ended: false);
            var log = new GenerationLog(new GenerationId(Guid.NewGuid()), 1, start, options, writer);
            var model = LogBuilder.Of(start);
            var open = start.From(start.End).Open;
            var durable = start.End;
            List<LogSlice> kept = [];
            List<LogReader> woken = [];
            for (var step = 0; step < 150; step++)
            {
                switch (random.Next(6))
                {
                    case 0 or 1:
                        var before = model.Log;
                        RandomLog.Extend(model, random, ref open);
                        if (model.Log.Controls.Count > before.Controls.Count)
                        {
                            log.Append(model.Log.Controls[^1].Entry);
                        }
                        else
                        {
                            log.AppendText(Encoding.UTF8.GetString(model.Log.Bytes.Span[(int)before.End..]));
                        }

                        Assert.Equal(model.End, log.End);
                        break;
                    case 2:
                        if (!log.TryTake(out var pending))
                        {
                            Assert.Equal(durable, log.End);
                            break;
                        }

                        Assert.Equal(durable, pending.Start);
                        Assert.Equal(model.End, pending.End);
                        var (bytes, end) = (pending.Bytes.ToArray(), model.End);
                        if (random.Next(2) == 0)
                        {
                            if (open is not null)
                            {
                                log.AppendText(Append(model, RandomLog.Text(random)));
                            }

                            Assert.False(pending.End < durable);
                        }

                        Assert.Equal(model.Log.Bytes[(int)durable..(int)end].ToArray(), bytes);
                        Assert.Equal(bytes, pending.Bytes.ToArray());
                        Assert.Equal(log.End > end, log.Committed(woken));
                        durable = end;
                        break;
                    default:
                        var boundaries = model.Log.Boundaries();
                        var at = boundaries[random.Next(boundaries.Count)];
                        if (log.TryRead(at, random.Next(4, 100), out var slice))
                        {
                            Assert.True(at < durable);
                            Assert.InRange(slice.To, at + 1, durable);
                            LogCuts.AssertIsPartOf(model.Log, slice);
                            kept.Add(slice);
                        }
                        else
                        {
                            Assert.True(at >= durable || log.IsBoundary(at) is null, $"{at} can be read.");
                        }

                        break;
                }

                Assert.Equal(durable, log.Durable);
                Assert.Equal(open, log.OpenPart());
            }

            // Slices that readers hold have not changed.
            Assert.All(kept, slice => LogCuts.AssertIsPartOf(model.Log, slice));
            return Task.CompletedTask;
        });

    private static string Append(LogBuilder log, string text)
    {
        log.Text(text);
        return text;
    }

    /// <summary>Holds the first commit until it is released.</summary>
    private static (Task Entered, TaskCompletionSource Release) Hold(MemoryGenerationStore store)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store.BeforeCommit = _ =>
        {
            entered.TrySetResult();
            return release.Task;
        };
        return (entered.Task, release);
    }
}
