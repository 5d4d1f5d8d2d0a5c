using Microsoft.Extensions.AI;
using Parley.Streaming.Generations;
using Parley.Streaming.Providers;
using Parley.Testing;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.Generations;

/// <summary>Every generation becomes a log that ends exactly once, for any behaviour of the model, the clients and the clock.</summary>
public sealed class GenerationRunnerTests
{
    private static GenerationOptions Options => new() { CommitSpacing = TimeSpan.Zero };

    [Fact]
    public async Task Answer_WithEveryKindOfPart_IsLoggedInOrder()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel()
            .Reasoning("Let me ")
            .Reasoning("think.")
            .Text("It is ")
            .Text("")
            .Text("sunny.")
            .Push(
                new ToolCallStarted("call_1", "weather"),
                new ToolCallArgumentsDelta("call_1", "{\"city\":"),
                new ToolCallArgumentsDelta("other", "no"),
                new ToolCallArgumentsDelta("call_1", "\"Bern\"}")
            )
            .Push(new ToolCallEnded("call_1"))
            .Push(new FunctionResultContent("call_1", "21°"))
            .Text("Warm.")
            .Complete(
                ChatFinishReason.Stop,
                new UsageDetails
                {
                    InputTokenCount = 5,
                    OutputTokenCount = 9,
                    CachedInputTokenCount = 2,
                    ReasoningTokenCount = 3,
                }
            );
        var id = engine.Start(model);

        LogCuts.AssertSame(
            new LogBuilder()
                .Part(PartKind.Reasoning, "Let me think.")
                .Part(PartKind.Text, "It is sunny.")
                .Tool("call_1", "weather", "{\"city\":\"Bern\"}")
                .Add(new ToolReturned("call_1", "\"21\\u00B0\"", null))
                .Part(PartKind.Text, "Warm.")
                .Completed(new GenerationUsage(5, 9, 2, 3))
                .Log,
            await engine.ReadToEndAsync(id)
        );
        await engine.EndedAsync(id);
    }

    [Fact]
    public async Task Answer_SurrogatePairSplitAcrossUpdates_IsWhole()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel();
        foreach (var half in "a😀𝔘\U0010ffffb")
        {
            model.Text(half.ToString());
        }

        var log = await engine.ReadToEndAsync(engine.Start(model.Complete()));
        LogCuts.AssertSame(new LogBuilder().Part(PartKind.Text, "a😀𝔘\U0010ffffb").Completed().Log, log);
    }

    [Fact]
    public async Task Answer_LoneSurrogates_BecomeReplacementCharacters()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel()
            .Text("a\ud83d")
            .Text("b")
            .Text("\ude00c\ud83d")
            .Text("\ud83d")
            .Text("\ude00")
            .Text("\ud83d")
            .Reasoning("r\ud83d")
            .Text("\ude00x\ud83d");
        var log = await engine.ReadToEndAsync(engine.Start(model.Complete()));
        LogCuts.AssertSame(
            new LogBuilder()
                .Part(PartKind.Text, "a\ufffdb\ufffdc\ufffd😀\ufffd")
                .Part(PartKind.Reasoning, "r\ufffd")
                .Part(PartKind.Text, "\ufffdx\ufffd")
                .Completed()
                .Log,
            log
        );
    }

    [Fact]
    public async Task Answer_AnyCutOfAnyText_IsThatText() => await Patience.Seeds(60, async random =>
        {
            await using var engine = await TestEngine.StartAsync();
            var text = RandomLog.Text(random, 200) + ".";
            var model = new PushedModel();
            for (var at = 0; at < text.Length; )
            {
                var length = Math.Min(text.Length - at, random.Next(1, 6));
                model.Text(text.Substring(at, length));
                at += length;
            }

            LogCuts.AssertSame(
                new LogBuilder().Part(PartKind.Text, text).Completed().Log,
                await engine.ReadToEndAsync(engine.Start(model.Complete()))
            );
        });

    [Theory]
    [InlineData("stop", "stop", false)]
    [InlineData("length", "length", false)]
    [InlineData("content_filter", "content-filter", false)]
    [InlineData("tool_calls", "tool-calls", true)]
    [InlineData("tool_calls", "stop", false)]
    public async Task Answer_Complete_SaysWhy(string reason, string expected, bool tool)
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel().Text("x");
        if (tool)
        {
            model.Push(new ToolCallStarted("c", "t"), new ToolCallEnded("c"));
        }

        var log = await engine.ReadToEndAsync(engine.Start(model.Complete(new ChatFinishReason(reason))));
        Assert.Equal((GenerationStatus.Completed, expected), (log.Ended!.Status, log.Ended.FinishReason));
    }

    [Fact]
    public async Task Answer_Empty_Fails()
    {
        await using var engine = await TestEngine.StartAsync();
        var log = await engine.ReadToEndAsync(
            engine.Start(new PushedModel().Text("").Complete(usage: new UsageDetails { InputTokenCount = 3 }))
        );
        Assert.Equal(1, log.End);
        Assert.Equal(
            (GenerationStatus.Failed, "empty_answer", 3L),
            (log.Ended!.Status, log.Ended.Error!.Code, log.Ended.Usage!.InputTokens)
        );
    }

    [Theory]
    [InlineData(ProviderFailure.RateLimited, "provider_rate_limited", true)]
    [InlineData(ProviderFailure.FirstTokenTimedOut, "provider_first_token_timed_out", true)]
    [InlineData(ProviderFailure.Unauthorized, "provider_unauthorized", false)]
    public async Task Provider_ThrowsBeforeText_FailsWithItsCode(ProviderFailure failure, string code, bool retryable)
    {
        await using var engine = await TestEngine.StartAsync();
        var log = await engine.ReadToEndAsync(
            engine.Start(new PushedModel().Fail(new ProviderException("test", failure, detail: "sk-secret")))
        );
        Assert.Equal(1, log.End);
        Assert.Equal(
            (GenerationStatus.Failed, "error", code, retryable),
            (log.Ended!.Status, log.Ended.FinishReason, log.Ended.Error!.Code, log.Ended.Error.Retryable)
        );
        Assert.DoesNotContain("sk-secret", log.Ended.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Provider_ThrowsAfterText_KeepsTheText()
    {
        await using var engine = await TestEngine.StartAsync();
        var log = await engine.ReadToEndAsync(
            engine.Start(
                new PushedModel().Reasoning("Hm").Text("Half an ans\ud83d").Fail(new ProviderException("test", ProviderFailure.Stalled))
            )
        );
        LogCuts.AssertSame(
            new LogBuilder().Part(PartKind.Reasoning, "Hm").Part(PartKind.Text, "Half an ans\ufffd").Add(log.Ended!).Log,
            log
        );
        Assert.Equal("provider_stalled", log.Ended!.Error!.Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Provider_WithABug_StillEndsTheLog(bool cancelled)
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel().Text("Half");
        model.Fail(cancelled ? new OperationCanceledException() : new InvalidOperationException("secret"));
        var id = engine.Start(model);
        var log = await engine.ReadToEndAsync(id);
        LogCuts.AssertSame(new LogBuilder().Part(PartKind.Text, "Half").Add(log.Ended!).Log, log);
        Assert.Equal((GenerationStatus.Failed, "internal_error"), (log.Ended!.Status, log.Ended.Error!.Code));
        Assert.DoesNotContain("secret", log.Ended.Error.Message, StringComparison.Ordinal);
        await engine.EndedAsync(id);
    }

    [Fact]
    public async Task Provider_ThatThrowsAtOnce_FailsToo()
    {
        await using var engine = await TestEngine.StartAsync();
        var log = await engine.ReadToEndAsync(engine.Start(new BrokenModel()));
        Assert.Equal("internal_error", log.Ended!.Error!.Code);
    }

    [Fact]
    public async Task Stop_WithAPosition_EndsThereAndKeepsTheRest()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel().Text("Hello wörld");
        var id = engine.Start(model);
        await engine.Durable(id, 13);
        var end = await engine.Runner.StopAsync(id, 6, Patience.Cancel).Soon();
        LogCuts.AssertSame(
            new LogBuilder()
                .Part(PartKind.Text, "Hello wörld")
                .Add(new GenerationEnded(GenerationStatus.Stopped, "stopped", StoppedAt: 6))
                .Log,
            engine.Store.Log(id)
        );
        Assert.Equal(6, end!.StoppedAt);
        await model.Left.Soon();
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(13L, null)]
    [InlineData(99L, null)]
    [InlineData(0L, 0L)]
    public async Task Stop_PositionUnknownOrAtTheEnd_CutsNothing(long? seen, long? stoppedAt)
    {
        await using var engine = await TestEngine.StartAsync();
        var id = engine.Start(new PushedModel().Text("Hello wörld"));
        await engine.Durable(id, 13);
        Assert.Equal(stoppedAt, (await engine.Runner.StopAsync(id, seen, Patience.Cancel).Soon())!.StoppedAt);
    }

    [Fact]
    public async Task Stop_BeforeAnything_EndsAsStopped()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel();
        var id = engine.Start(model);
        await model.Asked.Soon();
        await engine.Runner.StopAsync(id, null, Patience.Cancel).Soon();
        LogCuts.AssertSame(new LogBuilder().Add(new GenerationEnded(GenerationStatus.Stopped, "stopped")).Log, engine.Store.Log(id));
    }

    [Fact]
    public async Task Stop_Twice_TheFirstCounts()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = engine.Start(new PushedModel().Text("Hello"));
        await engine.Durable(id, 6);
        var (first, second) = (
            engine.Runner.StopAsync(id, 3, Patience.Cancel).AsTask(),
            engine.Runner.StopAsync(id, 5, Patience.Cancel).AsTask()
        );
        Assert.Equal(3, (await first.Soon())!.StoppedAt);
        Assert.Equal(3, (await second.Soon())!.StoppedAt);
        Assert.Equal(3, (await engine.Runner.StopAsync(id, 4, Patience.Cancel).Soon())!.StoppedAt);
        Assert.Null(await engine.Runner.StopAsync(new GenerationId(Guid.NewGuid()), null, Patience.Cancel).Soon());
    }

    [Fact]
    public async Task Stop_RacingWithCompletion_EndsExactlyOnce()
    {
        await using var engine = await TestEngine.StartAsync();
        for (var round = 0; round < 200; round++)
        {
            var model = new PushedModel().Text("x");
            var id = engine.Start(model);
            var follower = new Follower(engine.Runner, id);
            var stops = Enumerable
                .Range(0, 3)
                .Select(i => Task.Run(async () => await engine.Runner.StopAsync(id, i, Patience.Cancel), Patience.Cancel))
                .ToList();
            var completing = Task.Run(() => model.Complete(), Patience.Cancel);
            Assert.Equal(LogReaderState.Ended, await follower.Done.Soon());
            await completing;
            var log = engine.Store.Log(id);
            var end = Assert.Single(log.Controls, control => control.Entry is GenerationEnded);
            Assert.Equal(log.End - 1, end.Position);
            foreach (var stop in stops)
            {
                Assert.Equal(log.Ended, await stop.Soon());
            }

            await engine.EndedAsync(id);
        }

        await Patience.Until(() => engine.Ends.Count >= 200);
        Assert.Equal(200, engine.Ends.DistinctBy(one => one.Id).Count());
        Assert.Equal(200, engine.Ends.Count);
    }

    [Fact]
    public async Task Stop_ProviderThatBreaksWhenCancelled_IsStillStopped()
    {
        foreach (
            var error in new Func<Exception>[]
            {
                () => new IOException("aborted"),
                () => new ObjectDisposedException("stream"),
                () => new ProviderException("test", ProviderFailure.Reset),
            }
        )
        {
            await using var engine = await TestEngine.StartAsync();
            var id = engine.Start(new PushedModel { OnCancelled = error }.Text("Hello"));
            await engine.Durable(id, 6);
            Assert.Equal(GenerationStatus.Stopped, (await engine.Runner.StopAsync(id, null, Patience.Cancel).Soon())!.Status);
        }
    }

    [Fact]
    public async Task Fence_ByAnotherOwner_StopsTheProviderAndLosesTheReaders()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel().Text("one ");
        var id = engine.Start(model);
        var follower = new Follower(engine.Runner, id);
        await follower.Reached(5);
        var other = new MemoryGenerationStore(engine.Disk, "node-2", TimeProvider.System, engine.Options.Lease);
        Assert.Equal(5, Assert.Single(await other.AdoptAbandonedAsync(10, Patience.Cancel)).Log.End);
        model.Text("two");

        await model.Left.Soon();
        Assert.Equal(LogReaderState.Lost, await follower.Done.Soon());
        await engine.ForgottenAsync(id);
        Assert.Null(engine.Runner.Find(id));
        Assert.Empty(engine.Ends);
        LogCuts.AssertSame(new LogBuilder().Open(PartKind.Text).Text("one ").Log, engine.Store.Log(id));
        Assert.Equal(GenerationStatus.Running, (await engine.Store.FindAsync(id, Patience.Cancel))!.Status);
    }

    [Fact]
    public async Task Fence_WhileTheWriterWaitsForRoom_FreesIt()
    {
        await using var engine = await TestEngine.StartAsync(new GenerationOptions { CommitSpacing = TimeSpan.Zero, PendingBytes = 1024 });
        var release = new TaskCompletionSource();
        engine.Store.BeforeCommit = _ => release.Task;
        var model = new PushedModel().Text(new string('x', 5000));
        var id = engine.Start(model);
        await Patience.Until(() => engine.Log(id).End > 5000);
        engine.Store.Delete(id);
        release.SetResult();
        await model.Left.Soon();
        await engine.ForgottenAsync(id);
    }

    [Fact]
    public async Task Deadline_Passed_FailsAndKeepsTheText()
    {
        var time = new FakeTimeProvider();
        await using var engine = await TestEngine.StartAsync(time: time);
        var model = new PushedModel().Text("Half");
        var id = engine.Start(model);
        await engine.Durable(id, 5);
        time.Advance(engine.Options.Deadline - TimeSpan.FromMilliseconds(1));
        Assert.False(model.Left.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        var log = await engine.ReadToEndAsync(id);
        LogCuts.AssertSame(new LogBuilder().Part(PartKind.Text, "Half").Add(log.Ended!).Log, log);
        Assert.Equal((GenerationStatus.Failed, "deadline_exceeded"), (log.Ended!.Status, log.Ended.Error!.Code));
        await model.Left.Soon();
    }

    [Fact]
    public async Task Answer_LongerThanItMayBe_EndsWithLength()
    {
        await using var engine = await TestEngine.StartAsync(
            new GenerationOptions { CommitSpacing = TimeSpan.Zero, MaxAnswerBytes = 1024 }
        );
        var model = new PushedModel();
        for (var i = 0; i < 100; i++)
        {
            model.Text(new string('x', 100));
        }

        var log = await engine.ReadToEndAsync(engine.Start(model));
        Assert.Equal((GenerationStatus.Completed, "length"), (log.Ended!.Status, log.Ended.FinishReason));
        Assert.InRange(log.End, 1024, 1200);
        await model.Left.Soon();
    }

    [Fact]
    public async Task Answer_WithMoreEntriesThanItMayHave_EndsWithLength()
    {
        await using var engine = await TestEngine.StartAsync(new GenerationOptions { CommitSpacing = TimeSpan.Zero, MaxControls = 16 });
        var model = new PushedModel();
        for (var i = 0; i < 100; i++)
        {
            model.Text("x").Reasoning("y");
        }

        var log = await engine.ReadToEndAsync(engine.Start(model));
        Assert.Equal("length", log.Ended!.FinishReason);
        Assert.InRange(log.Controls.Count, 16, 20);
    }

    [Fact]
    public async Task Provider_FasterThanTheStore_IsNotReadFurther()
    {
        await using var engine = await TestEngine.StartAsync(new GenerationOptions { CommitSpacing = TimeSpan.Zero, PendingBytes = 1024 });
        var release = new TaskCompletionSource();
        engine.Store.BeforeCommit = _ => release.Task;
        var model = new PushedModel();
        for (var i = 0; i < 100; i++)
        {
            model.Text(new string('x', 100));
        }

        model.Complete();
        var id = engine.Start(model);
        await Patience.Until(() => engine.Log(id).End > 1024);
        Assert.InRange(model.Taken, 10, 12);
        Assert.False(model.Left.IsCompleted);

        release.SetResult();
        Assert.Equal(10_003, (await engine.ReadToEndAsync(id)).End);
    }

    [Fact]
    public async Task Node_Leaving_LeavesTheLogOpenAndCommitted()
    {
        await using var engine = await TestEngine.StartAsync();
        var model = new PushedModel { OnCancelled = () => new IOException("aborted") }.Text("one ");
        var id = engine.Start(model);
        await engine.Durable(id, 5);
        await engine.Store.RenewLeaseAsync(Patience.Cancel);
        model.Text("two");
        await Patience.Until(() => engine.Log(id).End == 8);
        await engine.LeaveAsync();

        LogCuts.AssertSame(new LogBuilder().Open(PartKind.Text).Text("one two").Log, engine.Store.Log(id));
        Assert.Empty(engine.Ends);
        Assert.Equal(Admission.NodeLeaving, engine.Runner.TryAdmit("u", out _));
        Assert.Equal(
            id,
            Assert
                .Single(
                    await new MemoryGenerationStore(engine.Disk, "node-2", TimeProvider.System, engine.Options.Lease).AdoptAbandonedAsync(
                        10,
                        Patience.Cancel
                    )
                )
                .Id
        );
    }

    [Fact]
    public async Task Continue_OfAnEndedAnswer_BeginsWithItAndSaysSo()
    {
        await using var engine = await TestEngine.StartAsync();
        var first = new LogBuilder()
            .Part(PartKind.Reasoning, "Hm.")
            .Part(PartKind.Text, "Once upon")
            .Add(new GenerationEnded(GenerationStatus.Failed, "error"))
            .Log;
        foreach (var (at, kept) in new[] { (first.End, " upon"), (first.End - 2, " upon"), (first.End - 7, "") })
        {
            var model = new PushedModel().Reasoning("More.").Text(" a time.").Complete();
            var prefix = first.UpTo(at);
            var id = engine.Start(model, continues: prefix, acceptsPrefix: true);
            var asked = await model.Asked.Soon();
            Assert.Equal(ChatRole.Assistant, asked[^1].Role);
            Assert.Equal("Once" + kept, asked[^1].Text);
            var expected = LogBuilder.Of(prefix);
            if (prefix.From(prefix.End).Open is not null)
            {
                expected.Close();
            }

            LogCuts.AssertSame(
                expected
                    .Add(new Seam(Seam.Continued, "demo/pushed"))
                    .Part(PartKind.Reasoning, "More.")
                    .Part(PartKind.Text, " a time.")
                    .Completed()
                    .Log,
                await engine.ReadToEndAsync(id)
            );
        }
    }

    [Fact]
    public async Task Continue_WithText_JoinsThePart()
    {
        await using var engine = await TestEngine.StartAsync();
        var prefix = new LogBuilder().Part(PartKind.Text, "Once upon").Log;
        var model = new PushedModel().Text(" a time.").Reasoning("r").Text("End.").Complete();
        var id = engine.Start(model, continues: prefix);
        Assert.Equal(ChatRole.User, (await model.Asked.Soon())[^1].Role);
        LogCuts.AssertSame(
            LogBuilder
                .Of(prefix)
                .Add(new Seam(Seam.Continued, "demo/pushed"))
                .Open(PartKind.Text, continues: true)
                .Text(" a time.")
                .Close()
                .Part(PartKind.Reasoning, "r")
                .Part(PartKind.Text, "End.")
                .Completed()
                .Log,
            await engine.ReadToEndAsync(id)
        );
    }

    [Fact]
    public async Task Admission_BeyondALimit_IsRefusedUntilAnotherEnds()
    {
        var options = Options;
        (options.MaxActive, options.MaxActivePerOwner) = (3, 2);
        await using var engine = await TestEngine.StartAsync(options);
        Assert.Equal(Admission.Admitted, engine.Runner.TryAdmit("ann", out var first));
        Assert.Equal(Admission.Admitted, engine.Runner.TryAdmit("ann", out var second));
        Assert.Equal(Admission.OwnerFull, engine.Runner.TryAdmit("ann", out var none));
        Assert.Null(none);
        Assert.Equal(Admission.Admitted, engine.Runner.TryAdmit("bob", out var third));
        Assert.Equal(Admission.NodeFull, engine.Runner.TryAdmit("eve", out _));

        third!.Dispose();
        third.Dispose();
        Assert.Equal(Admission.Admitted, engine.Runner.TryAdmit("eve", out var fourth));
        Assert.Equal(Admission.NodeFull, engine.Runner.TryAdmit("bob", out _));

        // A slot is released at every kind of end: completed, stopped, fenced.
        var completed = new PushedModel().Text("x").Complete();
        engine.Start(completed, first);
        var stopped = engine.Start(new PushedModel().Text("x"), second);
        await engine.Runner.StopAsync(stopped, null, Patience.Cancel).Soon();
        var fenced = new PushedModel().Text("x");
        var deleted = engine.Start(fenced, fourth);
        await engine.Durable(deleted, 2);
        engine.Store.Delete(deleted);
        fenced.Text("y");
        await engine.ForgottenAsync(deleted);
        await AdmitsAsync("ann", 2, Admission.OwnerFull);
        await AdmitsAsync("eve", 1, Admission.NodeFull);

        async Task AdmitsAsync(string owner, int count, Admission then)
        {
            for (var i = 0; i < count; i++)
            {
                await Patience.Until(() => engine.Runner.TryAdmit(owner, out _) == Admission.Admitted);
            }

            Assert.Equal(then, engine.Runner.TryAdmit(owner, out _));
        }
    }

    [Fact]
    public async Task Admission_ManyAtOnce_NeverExceedsTheLimit()
    {
        var options = Options;
        (options.MaxActive, options.MaxActivePerOwner) = (50, 10);
        await using var engine = await TestEngine.StartAsync(options);
        var max = 0;
        var now = 0;
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i =>
                    Task.Run(
                        () =>
                        {
                            for (var round = 0; round < 5000; round++)
                            {
                                if (engine.Runner.TryAdmit("ann", out var slot) != Admission.Admitted)
                                {
                                    continue;
                                }

                                InterlockedMax(ref max, Interlocked.Increment(ref now));
                                Interlocked.Decrement(ref now);
                                slot!.Dispose();
                            }
                        },
                        Patience.Cancel
                    )
                )
        );
        Assert.InRange(max, 1, 10);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(Admission.Admitted, engine.Runner.TryAdmit("ann", out _));
        }

        Assert.Equal(Admission.OwnerFull, engine.Runner.TryAdmit("ann", out _));

        static void InterlockedMax(ref int max, int value)
        {
            for (var seen = Volatile.Read(ref max); seen < value; seen = Volatile.Read(ref max))
            {
                Interlocked.CompareExchange(ref max, value, seen);
            }
        }
    }

    private sealed class BrokenModel : IChatClient
    {
        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => throw new InvalidOperationException("No.");

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() { }
    }
}
