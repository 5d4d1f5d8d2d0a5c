using Parley.Streaming.Generations;
using Parley.Streaming.Generations.Bus;
using Parley.Testing;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.Generations;

/// <summary>
/// Two nodes over one store. The clock of the second node stands still unless a test moves it, so it learns everything from the bus and
/// nothing from a timer.
/// </summary>
public sealed class GenerationBusTests
{
    private readonly InProcessBusHub _hub = new();
    private readonly MemoryDisk _disk = new();
    private readonly FakeTimeProvider _time = new();

    private static GenerationOptions Options => new() { CommitSpacing = TimeSpan.Zero };

    [Fact]
    public async Task Reader_OfAnotherNodesGeneration_GetsEachTokenWithoutAPoll()
    {
        await using var writing = await StartAsync("node-1");
        await using var reading = await StartAsync("node-2", _time);
        var model = new PushedModel();
        var id = writing.Start(model);
        var follower = new Follower(reading.Runner, id);
        var log = new LogBuilder().Open(PartKind.Text);
        for (var i = 0; i < 20; i++)
        {
            model.Text($"word {i} ");
            await follower.Reached(log.Text($"word {i} ").End);
        }

        await Patience.Until(() => _time.ArmedTimers > 0);
        var reads = reading.Store.Reads;
        _time.Advance(LogReader.SafetyRead - TimeSpan.FromMilliseconds(1));
        Assert.Equal(reads, reading.Store.Reads);

        model.Complete();
        Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
        follower.AssertSawPartOf(writing.Store.Log(id));
        Assert.Equal(writing.Store.Log(id).End, follower.Position);
        Assert.Null(reading.Runner.Find(id));
    }

    [Fact]
    public async Task Reader_WhoseNoticesAreLost_CatchesUpByItsSafetyRead()
    {
        var bus = new FaultyBus(new InProcessGenerationBus(_hub)) { Copies = _ => 0 };
        await using var writing = await StartAsync("node-1", bus: bus);
        await using var reading = await StartAsync("node-2", _time);
        var model = new PushedModel().Text("one ");
        var id = writing.Start(model);
        await writing.Durable(id, 5);
        var follower = new Follower(reading.Runner, id);
        await follower.Reached(5);
        model.Text("two").Complete();
        await writing.ReadToEndAsync(id);
        await Patience.Until(() => _time.ArmedTimers > 0);
        Assert.Equal(5, follower.Position);

        _time.Advance(LogReader.SafetyRead);
        Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
        follower.AssertSawPartOf(writing.Store.Log(id));
    }

    [Fact]
    public async Task Reader_WhileTheStoreIsUnavailable_KeepsItsPositionAndContinuesLater()
    {
        await using var writing = await StartAsync("node-1");
        await using var reading = await StartAsync("node-2", _time);
        var model = new PushedModel().Text("one ");
        var id = writing.Start(model);
        await writing.Durable(id, 5);
        var follower = new Follower(reading.Runner, id);
        await follower.Reached(5);
        reading.Store.AfterRead = () => throw new StoreUnavailableException("It is away.");
        model.Text("two");
        for (var attempt = 0; attempt < 8; attempt++)
        {
            await Patience.Until(() => _time.ArmedTimers > 0);
            Assert.Equal(5, follower.Position);
            Assert.False(follower.Done.IsCompleted);
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        await Patience.Until(() => _time.ArmedTimers > 0);
        reading.Store.AfterRead = null;
        _time.Advance(TimeSpan.FromSeconds(2));
        await follower.Reached(8);
        model.Complete();
        Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
        follower.AssertSawPartOf(writing.Store.Log(id));
    }

    [Fact]
    public async Task Reader_NoticeDuringItsRead_IsNotMissed()
    {
        await using var writing = await StartAsync("node-1");
        await using var reading = await StartAsync("node-2", _time);
        var model = new PushedModel().Text("one ");
        var id = writing.Start(model);
        await writing.Durable(id, 5);
        reading.Store.AfterRead = async () =>
        {
            reading.Store.AfterRead = null;
            model.Text("two");
            await writing.Durable(id, 8);
        };
        var follower = new Follower(reading.Runner, id, 5);
        await follower.Reached(8);
        follower.AssertSawPartOf(writing.Store.Log(id));
    }

    [Fact]
    public async Task Reader_WithLostRepeatedAndLateNotices_MissesNothing() => await Patience.Seeds(20, async random =>
        {
            var hub = new InProcessBusHub();
            var disk = new MemoryDisk();
            var time = new FakeTimeProvider();
            var bus = new FaultyBus(new InProcessGenerationBus(hub)) { Copies = _ => random.Next(3), Delay = () => random.Next(3) == 0 };
            await using var writing = await TestEngine.StartAsync(Options, disk: disk, node: "node-1", bus: bus);
            await using var reading = await TestEngine.StartAsync(Options, time, disk, "node-2", bus: new InProcessGenerationBus(hub));
            var model = new PushedModel();
            var id = writing.Start(model);
            List<Follower> followers = [.. Enumerable.Range(0, 5).Select(_ => new Follower(reading.Runner, id))];
            for (var i = 0; i < 50; i++)
            {
                model.Text(RandomLog.Text(random) + ".");
                if (random.Next(4) == 0)
                {
                    await Task.Yield();
                }
            }

            model.Complete();
            await Patience.Until(() =>
            {
                time.Advance(LogReader.SafetyRead);
                return followers.All(follower => follower.Done.IsCompleted);
            });
            foreach (var follower in followers)
            {
                Assert.Equal(LogReaderState.Ended, await follower.Done);
                follower.AssertSawPartOf(writing.Store.Log(id));
                Assert.Equal(writing.Store.Log(id).End, follower.Position);
            }
        });

    [Fact]
    public async Task Reader_WaitingElsewhere_CanBeWokenAndCancelled()
    {
        await using var writing = await StartAsync("node-1");
        await using var reading = await StartAsync("node-2", _time);
        var id = writing.Start(new PushedModel());
        using var cancel = new CancellationTokenSource();
        using var reader = reading.Runner.Follow(id, 0, cancel.Token);
        for (var i = 0; i < 3; i++)
        {
            var wait = reader.WaitAsync().AsTask();
            await Patience.Until(() =>
            {
                reader.Wake();
                return wait.IsCompleted;
            });
            Assert.False(reader.TryRead(out _));
        }

        var last = reader.WaitAsync().AsTask();
        await cancel.CancelAsync();
        await last.ContinueWith(_ => { }, TaskScheduler.Default).Soon();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reader.WaitAsync());
    }

    [Fact]
    public async Task Reader_OfAnAbandonedGeneration_FollowsTheNodeThatAdoptsIt()
    {
        var dead = await StartAsync("node-1");
        var first = new PushedModel().Text("one ");
        var id = dead.Start(first);
        await first.DrainedAsync();
        await dead.Durable(id, 5);
        dead.Kill();

        await using var reading = await StartAsync("node-2", _time);
        var follower = new Follower(reading.Runner, id);
        await follower.Reached(5);
        var second = new PushedModel().Text("two");
        await using var adopting = await StartAsync("node-3", requests: _ => TestEngine.Ask(second, acceptsPrefix: true));
        await adopting.Reaper.StartAsync(Patience.Cancel).Soon();
        await follower.Reached(11);
        second.Complete();
        Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
        follower.AssertSawPartOf(adopting.Store.Log(id));
        Assert.Equal("one two", adopting.Store.Log(id).TextOf(PartKind.Text));
    }

    [Fact]
    public async Task Reader_OfAGenerationThatThisNodeInterrupts_ReadsItsEnd()
    {
        var dead = await StartAsync("node-1");
        var model = new PushedModel().Text("one ");
        var id = dead.Start(model);
        await dead.Durable(id, 5);
        dead.Kill();

        await using var engine = await StartAsync("node-2", _time);
        var follower = new Follower(engine.Runner, id);
        await follower.Reached(5);
        await Patience.Until(() => _time.ArmedTimers > 0);
        await engine.Reaper.StartAsync(Patience.Cancel).Soon();
        Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
        Assert.Equal(GenerationStatus.Interrupted, engine.Store.Log(id).Ended!.Status);
        follower.AssertSawPartOf(engine.Store.Log(id));
    }

    [Fact]
    public async Task Reader_OfAGenerationThatAnotherNodeDeletes_IsLost()
    {
        await using var writing = await StartAsync("node-1");
        await using var reading = await StartAsync("node-2", _time);
        var model = new PushedModel().Text("one ");
        var id = writing.Start(model);
        var follower = new Follower(reading.Runner, id);
        await follower.Reached(5);
        await Patience.Until(() => _time.ArmedTimers > 0);
        writing.Store.Delete(id);
        writing.Runner.Discard(id);
        Assert.Equal(LogReaderState.Lost, await follower.Done.Soon());
        await model.Left.Soon();
    }

    [Fact]
    public async Task Stop_OnAnotherNode_StopsItAndReturnsItsCommittedEnd()
    {
        await using var writing = await StartAsync("node-1");
        await using var other = await StartAsync("node-2", _time);
        var model = new PushedModel().Text("Hello wörld");
        var id = writing.Start(model);
        await writing.Durable(id, 13);
        var end = await other.Runner.StopAsync(id, 6, Patience.Cancel).Soon();
        Assert.Equal((GenerationStatus.Stopped, 6L), (end!.Status, end.StoppedAt));
        Assert.Equal(end, writing.Store.Log(id).Ended);
        await model.Left.Soon();
        Assert.Equal(end, await other.Runner.StopAsync(id, 3, Patience.Cancel).Soon());
    }

    [Fact]
    public async Task Stop_WhoseNoticeIsLost_IsRepeated()
    {
        await using var writing = await StartAsync("node-1");
        var lost = 2;
        var bus = new FaultyBus(new InProcessGenerationBus(_hub)) { Copies = _ => lost-- > 0 ? 0 : 1 };
        await using var other = await StartAsync("node-2", _time, bus: bus);
        var id = writing.Start(new PushedModel().Text("Hello"));
        await writing.Durable(id, 6);
        var stop = other.Runner.StopAsync(id, null, Patience.Cancel).AsTask();
        await Patience.Until(() =>
        {
            if (bus.Published.Count < 3)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
            }

            return bus.Published.Count >= 3;
        });
        Assert.Equal(GenerationStatus.Stopped, (await stop.Soon())!.Status);
        Assert.InRange(bus.Published.Count, 3, (int)(GenerationRunner.StopTimeout / GenerationRunner.StopRepeat));
    }

    [Fact]
    public async Task Stop_OfAGenerationWhoseOwnerIsDead_GivesUp()
    {
        var dead = await StartAsync("node-1");
        var id = dead.Start(new PushedModel().Text("one "));
        await dead.Durable(id, 5);
        dead.Kill();
        await using var other = await StartAsync("node-2", _time);
        var stop = other.Runner.StopAsync(id, null, Patience.Cancel).AsTask();
        await Patience.Until(() =>
        {
            _time.Advance(GenerationRunner.StopRepeat);
            return stop.IsCompleted;
        });
        Assert.Null(await stop);
    }

    [Fact]
    public async Task Stop_OfAGenerationThatThisNodeThenAdopts_StopsIt()
    {
        var dead = await StartAsync("node-1");
        var id = dead.Start(new PushedModel().Text("one "));
        await dead.Durable(id, 5);
        dead.Kill();
        var second = new PushedModel();
        await using var adopting = await StartAsync("node-2", _time, requests: _ => TestEngine.Ask(second, acceptsPrefix: true));
        var stop = adopting.Runner.StopAsync(id, null, Patience.Cancel).AsTask();
        await Patience.Until(() => _time.ArmedTimers > 0);
        await adopting.Reaper.StartAsync(Patience.Cancel).Soon();
        Assert.Equal(GenerationStatus.Stopped, (await stop.Soon())!.Status);
        await second.Left.Soon();
    }

    [Fact]
    public async Task Stop_BetweenTheStoreAndTheStart_StopsItOnceItStarts()
    {
        await using var engine = await TestEngine.StartAsync(Options, _time);
        var id = GenerationId.New(_time.GetUtcNow());
        engine.Store.Add(id);
        var stop = engine.Runner.StopAsync(id, null, Patience.Cancel).AsTask();
        await Patience.Until(() => _time.ArmedTimers > 0);
        Assert.False(stop.IsCompleted);
        var model = new PushedModel();
        engine.Runner.Start(id, 1, TestEngine.Ask(model), null);
        Assert.Equal(GenerationStatus.Stopped, (await stop.Soon())!.Status);
        await model.Left.Soon();
    }

    [Fact]
    public async Task Stop_WithoutPeersOfWhatNeverStarts_GivesUp()
    {
        await using var engine = await TestEngine.StartAsync(Options, _time);
        var id = GenerationId.New(_time.GetUtcNow());
        engine.Store.Add(id);
        var stop = engine.Runner.StopAsync(id, null, Patience.Cancel).AsTask();
        await Patience.Until(() =>
        {
            _time.Advance(GenerationRunner.StopRepeat);
            return stop.IsCompleted;
        });
        Assert.Null(await stop);
    }

    [Fact]
    public async Task Growth_WithoutPeers_IsNotPublished()
    {
        var bus = new FaultyBus(new InProcessGenerationBus());
        await using var engine = await TestEngine.StartAsync(Options, bus: bus);
        await engine.ReadToEndAsync(engine.Start(new PushedModel().Text("Hello").Complete()));
        Assert.Empty(bus.Published);
    }

    [Fact]
    public async Task Growth_WithPeers_IsToldAfterTheCommitInOrder()
    {
        using var peer = new InProcessGenerationBus(_hub);
        await using var engine = await StartAsync("node-1");
        List<(GenerationNotice Notice, long Stored)> heard = [];
        using var subscription = peer.SubscribeToGenerations(notice => heard.Add((notice, engine.Store.Log(notice.Id).End)));
        var id = engine.Start(new PushedModel().Text("Hello").Text(", world").Complete());
        var log = await engine.ReadToEndAsync(id);
        await engine.EndedAsync(id);
        Assert.All(heard, one => Assert.InRange(one.Notice.Position!.Value, 1, one.Stored));
        Assert.Equal(heard.Select(one => one.Notice.Position), heard.Select(one => one.Notice.Position).Order());
        Assert.Equal(new GenerationNotice(GenerationNoticeKind.Ended, id, log.End), heard[^1].Notice);
        Assert.All(heard[..^1], one => Assert.Equal(GenerationNoticeKind.Grown, one.Notice.Kind));
    }

    [Fact]
    public void InProcessBus_Publish_ReachesTheOtherNodesAndNotItself()
    {
        using var first = new InProcessGenerationBus(_hub);
        Assert.False(first.HasPeers);
        var second = new InProcessGenerationBus(_hub);
        Assert.True(first.HasPeers);
        List<string> heard = [];
        using var a = first.SubscribeToGenerations(notice => heard.Add($"first {notice.Kind}"));
        using var b = second.SubscribeToGenerations(notice => heard.Add($"second {notice.Kind}"));
        using var c = second.SubscribeToAccounts(notice => heard.Add($"second {notice.OwnerId} {notice.ConversationId}"));
        var id = new GenerationId(Guid.NewGuid());
        first.Publish([new(GenerationNoticeKind.Grown, id, 1), new(GenerationNoticeKind.Ended, id, 2)]);
        first.Publish(new AccountNotice("ann", "conv_1"));
        second.Publish([new(GenerationNoticeKind.StopRequested, id, null)]);
        Assert.Equal(["second Grown", "second Ended", "second ann conv_1", "first StopRequested"], heard);

        b.Dispose();
        first.Publish([new(GenerationNoticeKind.Grown, id, 3)]);
        Assert.Equal(4, heard.Count);
        second.Dispose();
        Assert.False(first.HasPeers);
    }

    private Task<TestEngine> StartAsync(
        string node,
        TimeProvider? time = null,
        Func<GenerationId, GenerationRequest?>? requests = null,
        IGenerationBus? bus = null
    ) => TestEngine.StartAsync(Options, time, _disk, node, requests, bus ?? new InProcessGenerationBus(_hub));
}
