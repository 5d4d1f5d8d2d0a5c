using Microsoft.Extensions.AI;
using Parley.Streaming.Generations;
using Parley.Streaming.Providers;
using Parley.Testing;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.Generations;

/// <summary>The generations of a dead node are continued or ended by a live one.</summary>
public sealed class GenerationReaperTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryDisk _disk = new();

    [Fact]
    public async Task Adoption_AfterAKill_ContinuesExactlyWhereTheLogEnds()
    {
        var (id, log) = await DieAsync(new PushedModel().Reasoning("Hm.").Text("Once 😀"));
        var model = new PushedModel().Text(" upon a time.").Complete();
        await using var engine = await AdoptAsync(model);

        var asked = await model.Asked.Soon();
        Assert.Equal((ChatRole.Assistant, "Once 😀"), (asked[^1].Role, asked[^1].Text));
        Assert.Equal("Hm.", Assert.Single(asked[^1].Contents.OfType<TextReasoningContent>()).Text);
        var whole = await engine.ReadToEndAsync(id);
        LogCuts.AssertSame(
            LogBuilder
                .Of(log)
                .Close()
                .Add(new Seam(Seam.Adopted, "demo/pushed"))
                .Open(PartKind.Text, continues: true)
                .Text(" upon a time.")
                .Close()
                .Completed()
                .Log,
            whole
        );
        LogCuts.AssertSame(whole, engine.Store.Log(id));
        Assert.Equal((id, whole.Ended!), Assert.Single(engine.Ends));
        Assert.Equal(2, (await engine.Store.FindAsync(id, Patience.Cancel))!.Epoch);
    }

    [Fact]
    public async Task Adoption_WithAReaderOnTheNewNode_KeepsItFollowing()
    {
        var (id, log) = await DieAsync(new PushedModel().Text("Once "));
        var model = new PushedModel();
        await using var engine = await TestEngine.StartAsync(Options, _time, _disk, "node-2", _ =>
            TestEngine.Ask(model, acceptsPrefix: true)
        );
        var early = new Follower(engine.Runner, id);
        await early.Reached(log.End);
        await engine.Reaper.StartAsync(Patience.Cancel);
        await model.Asked.Soon();
        model.Text("upon").Complete();
        Assert.Equal(LogReaderState.Ended, await early.Done.Soon());
        early.AssertSawPartOf(engine.Store.Log(id));
        Assert.Equal(engine.Store.Log(id).End, early.Position);
    }

    [Fact]
    public async Task Adoption_NothingShownYet_AsksAgainWithoutASeam()
    {
        var (id, _) = await DieAsync(new PushedModel());
        await using var engine = await AdoptAsync(new PushedModel().Text("Hello").Complete(), acceptsPrefix: false);
        LogCuts.AssertSame(new LogBuilder().Part(PartKind.Text, "Hello").Completed().Log, await engine.ReadToEndAsync(id));
    }

    [Fact]
    public async Task Adoption_ModelHasNothingToAdd_Completes()
    {
        var (id, log) = await DieAsync(new PushedModel().Text("The end."));
        await using var engine = await AdoptAsync(new PushedModel().Complete());
        LogCuts.AssertSame(
            LogBuilder.Of(log).Close().Add(new Seam(Seam.Adopted, "demo/pushed")).Completed().Log,
            await engine.ReadToEndAsync(id)
        );
    }

    [Fact]
    public async Task Adoption_ModelTakesNoPrefix_EndsAsInterrupted()
    {
        var (id, log) = await DieAsync(new PushedModel().Text("Once "));
        var model = new PushedModel();
        await using var engine = await AdoptAsync(model, acceptsPrefix: false);
        AssertInterrupted(LogBuilder.Of(log).Close().Log, engine, id);
        Assert.False(model.Asked.IsCompleted);
    }

    [Fact]
    public async Task Adoption_ToolCallPending_EndsAsInterrupted()
    {
        var (id, log) = await DieAsync(
            new PushedModel().Text("Let me see.").Push(new ToolCallStarted("c", "now"), new ToolCallArgumentsDelta("c", "{\"a\":"))
        );
        await using var engine = await AdoptAsync(new PushedModel());
        AssertInterrupted(LogBuilder.Of(log).Close().Log, engine, id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("It is ")]
    public async Task Adoption_AfterAToolResult_ContinuesFromIt(string said)
    {
        var first = new PushedModel()
            .Text("Let me see.")
            .Push(new ToolCallStarted("c", "now"), new ToolCallArgumentsDelta("c", "{\"a\":1}"), new ToolCallEnded("c"))
            .Push(new FunctionResultContent("c", "noon"));
        var (id, log) = await DieAsync(said.Length > 0 ? first.Text(said) : first);
        var model = new PushedModel().Text("noon.").Complete();
        await using var engine = await AdoptAsync(model);

        var asked = (await model.Asked.Soon())[^1];
        Assert.Equal(ChatRole.Assistant, asked.Role);
        Assert.Equal("c", Assert.Single(asked.Contents.OfType<FunctionCallContent>()).CallId);
        Assert.Equal("c", Assert.Single(asked.Contents.OfType<FunctionResultContent>()).CallId);
        Assert.Equal("Let me see." + said, asked.Text);
        var whole = await engine.ReadToEndAsync(id);
        Assert.Equal(GenerationStatus.Completed, whole.Ended!.Status);
        Assert.Equal(log.Bytes.ToArray(), whole.Bytes[..(int)log.End].ToArray());
        Assert.Equal($"Let me see.{said}noon.", whole.TextOf(PartKind.Text));
        Assert.Single(whole.Controls, control => control.Entry is ToolReturned);
    }

    [Fact]
    public async Task Adoption_RequestGone_EndsAsInterrupted()
    {
        var (id, log) = await DieAsync(new PushedModel().Text("Once "));
        await using var engine = await TestEngine.StartAsync(Options, _time, _disk, "node-2");
        await engine.Reaper.StartAsync(Patience.Cancel).Soon();
        AssertInterrupted(LogBuilder.Of(log).Close().Log, engine, id);
    }

    [Fact]
    public async Task Adoption_TooOften_EndsAsInterrupted()
    {
        var (id, _) = await DieAsync(new PushedModel().Text("0"));
        for (var adoption = 1; adoption <= Options.MaxAdoptions; adoption++)
        {
            var model = new PushedModel().Text($"{adoption}");
            var node = await AdoptAsync(model, node: $"node-{adoption + 1}");
            var asked = await model.Asked.Soon();
            Assert.Equal(string.Concat(Enumerable.Range(0, adoption)), asked[^1].Text);
            await model.DrainedAsync();
            await node.Durable(id, node.Log(id).End);
            node.Kill();
        }

        var log = new MemoryGenerationStore(_disk, "x", _time, Options.Lease).Log(id);
        await using var last = await AdoptAsync(new PushedModel(), node: "node-9");
        AssertInterrupted(LogBuilder.Of(log).Close().Log, last, id);
        Assert.Equal("0123", last.Store.Log(id).TextOf(PartKind.Text));
    }

    [Fact]
    public async Task Sweep_AdoptionFails_DoesNotHoldUpOthersAndIsRetried()
    {
        var (bad, badLog) = await DieAsync(new PushedModel().Text("bad "));
        var (good, _) = await DieAsync(new PushedModel().Text("good "), "node-0b");
        var failures = 2;
        await using var engine = await TestEngine.StartAsync(Options, _time, _disk, "node-2", id =>
        {
            if (id == bad && failures-- > 0)
            {
                throw new IOException("The database is away.");
            }

            return TestEngine.Ask(new PushedModel().Text("more").Complete(), acceptsPrefix: true);
        });
        await engine.Reaper.StartAsync(Patience.Cancel).Soon();
        Assert.Equal("good more", (await engine.ReadToEndAsync(good)).TextOf(PartKind.Text));
        LogCuts.AssertSame(badLog, engine.Store.Log(bad));

        await Patience.Until(() =>
        {
            _time.Advance(Options.SweepInterval);
            return engine.Ends.Count == 2;
        });
        Assert.Equal("bad more", engine.Store.Log(bad).TextOf(PartKind.Text));
    }

    [Fact]
    public async Task Sweep_OwnGenerations_AreLeftAlone()
    {
        await using var engine = await TestEngine.StartAsync(Options, _time, _disk);
        await engine.Reaper.StartAsync(Patience.Cancel).Soon();
        var model = new PushedModel().Text("one ");
        var id = engine.Start(model);
        await engine.Durable(id, 5);
        for (var i = 0; i < 50; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        model.Text("two").Complete();
        Assert.Equal("one two", (await engine.ReadToEndAsync(id)).TextOf(PartKind.Text));
        Assert.Equal(1, (await engine.Store.FindAsync(id, Patience.Cancel))!.Epoch);
    }

    [Fact]
    public async Task Sweep_OfWhatRunsHereUnderAnOldEpoch_LeavesTheNewOwnerInPlace()
    {
        var second = new PushedModel();
        await using var engine = await TestEngine.StartAsync(Options, _time, _disk, "node-1", _ =>
            TestEngine.Ask(second, acceptsPrefix: true)
        );

        // Another node owned the generation and died, while the first task of this node still waits for its provider.
        var id = GenerationId.New(_time.GetUtcNow());
        new MemoryGenerationStore(_disk, "node-gone", _time, Options.Lease).Add(id);
        var first = new PushedModel().Text("one ");
        engine.Runner.Start(id, 1, TestEngine.Ask(first), null);
        await engine.Durable(id, 5);
        await engine.Reaper.StartAsync(Patience.Cancel).Soon();
        await second.Asked.Soon();
        first.Text("lost");
        await first.Left.Soon();
        second.Text("two");
        await Patience.Until(() => engine.Runner.Find(id) is { } log && log.Durable == log.End && log.Durable > 7);

        Assert.Equal(GenerationStatus.Stopped, (await engine.Runner.StopAsync(id, null, Patience.Cancel).Soon())!.Status);
        Assert.Equal("one two", engine.Store.Log(id).TextOf(PartKind.Text));
        await engine.EndedAsync(id);
    }

    [Fact]
    public async Task Lease_Released_LetsAnotherNodeAdoptAtOnce()
    {
        var first = await TestEngine.StartAsync(Options, _time, _disk, "node-1");
        await first.Reaper.StartAsync(Patience.Cancel).Soon();
        var id = first.Start(new PushedModel().Text("one "));
        await first.Durable(id, 5);
        await first.LeaveAsync();
        await using var engine = await AdoptAsync(new PushedModel().Text("two").Complete());
        Assert.Equal("one two", (await engine.ReadToEndAsync(id)).TextOf(PartKind.Text));
    }

    [Fact]
    public async Task Lease_Expired_IsNoticedAtTheNextSweep()
    {
        await using var engine = await TestEngine.StartAsync(Options, _time, _disk, "node-2", _ =>
            TestEngine.Ask(new PushedModel().Text("two").Complete(), acceptsPrefix: true)
        );
        await engine.Reaper.StartAsync(Patience.Cancel).Soon();
        var dead = await TestEngine.StartAsync(Options, _time, _disk, "node-1");
        await dead.Store.RenewLeaseAsync(Patience.Cancel);
        var id = dead.Start(new PushedModel().Text("one "));
        await dead.Durable(id, 5);
        dead.Store.BeforeCommit = _ => new TaskCompletionSource().Task;

        var waited = TimeSpan.Zero;
        await Patience.Until(() =>
        {
            if (engine.Ends.Count > 0)
            {
                return true;
            }

            _time.Advance(TimeSpan.FromMilliseconds(500));
            waited += TimeSpan.FromMilliseconds(500);
            return false;
        });
        Assert.Equal("one two", engine.Store.Log(id).TextOf(PartKind.Text));
        Assert.Contains(engine.Ends, one => one.Id == id);
        Assert.True(waited >= Options.Lease);
    }

    private static GenerationOptions Options => new() { CommitSpacing = TimeSpan.Zero };

    /// <summary>Runs a generation on a node that dies after everything that the model sent was committed.</summary>
    private async Task<(GenerationId Id, LogSnapshot Log)> DieAsync(PushedModel model, string node = "node-0")
    {
        var engine = await TestEngine.StartAsync(Options, _time, _disk, node);
        var id = engine.Start(model);
        await model.DrainedAsync();
        await engine.Durable(id, engine.Log(id).End);
        engine.Kill();
        return (id, engine.Store.Log(id));
    }

    private async Task<TestEngine> AdoptAsync(PushedModel model, bool acceptsPrefix = true, string node = "node-2")
    {
        var engine = await TestEngine.StartAsync(Options, _time, _disk, node, _ => TestEngine.Ask(model, acceptsPrefix));
        await engine.Reaper.StartAsync(Patience.Cancel).Soon();
        return engine;
    }

    private static void AssertInterrupted(LogSnapshot kept, TestEngine engine, GenerationId id)
    {
        var log = engine.Store.Log(id);
        Assert.Equal(
            (GenerationStatus.Interrupted, "error", "interrupted", true),
            (log.Ended!.Status, log.Ended.FinishReason, log.Ended.Error!.Code, log.Ended.Error.Retryable)
        );
        LogCuts.AssertSame(LogBuilder.Of(kept).Add(log.Ended).Log, log);
        Assert.Equal((id, log.Ended), Assert.Single(engine.Ends));
        Assert.Null(engine.Runner.Find(id));
    }
}
