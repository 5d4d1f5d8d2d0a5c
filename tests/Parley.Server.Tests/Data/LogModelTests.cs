using System.Text;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Server.Data;
using Parley.Streaming.Generations;
using Parley.Streaming.Generations.Bus;
using Parley.Testing.Generations;

#pragma warning disable CA1001 // Processes that die dispose nothing.

namespace Parley.Server.Tests.Data;

/// <summary>
/// The promise of the whole, at random: the engine over a database, with viewers that come, go and stop, commits that fail, and processes that die and start again.
/// Whatever happened: what anybody has seen is in the log, at the position where they saw it; and there is one end.
/// </summary>
public abstract class LogModelTests : IAsyncLifetime
{
    private Node _node = null!;

    /// <summary>So small that logs move all the time.</summary>
    protected static DatabaseOptions Sizes { get; } = new() { SegmentBytes = 256, JournalBytes = 2000 };

    public virtual async ValueTask InitializeAsync() => _node = await Node.StartAsync(await CreateAsync());

    public virtual async ValueTask DisposeAsync() => await _node.DisposeAsync();

    /// <summary>A process on an empty database.</summary>
    private protected abstract Task<IDataProcess> CreateAsync();

    [Fact]
    public async Task Log_AnyHistoryOfWritersViewersAndCrashes_KeepsThePromise() =>
        await Patience.Seeds(200, async random => await new History(this, random).RunAsync());

    /// <summary>One generation's life.</summary>
    private sealed class History(LogModelTests tests, Random random)
    {
        private readonly List<StringBuilder> _pushed = [new()];
        private readonly List<Viewer> _viewers = [];
        private PushedModel _model = new();
        private GenerationId _id;
        private bool _over;

        private Node Node => tests._node;

        public async Task RunAsync()
        {
            _id = await Node.AskAsync(_model);
            _viewers.Add(new Viewer(0));
            for (var step = random.Next(50, 200); step > 0 && !_over; step--)
            {
                await StepAsync();
            }

            if (!_over)
            {
                _model.Text("The end.").Complete();
                _pushed[^1].Append("The end.");
            }

            _viewers.Add(new Viewer(0));
            foreach (var viewer in _viewers)
            {
                await viewer.ReadToEndAsync(Node, _id);
            }

            await AssertPromiseAsync();
            if (random.Next(10) == 0)
            {
                tests._node = await Node.CrashAsync(random, _ => null);
                await AssertPromiseAsync();
            }
        }

        private async Task StepAsync()
        {
            var viewer = _viewers[random.Next(_viewers.Count)];
            switch (random.Next(100))
            {
                case < 45:
                    Push();
                    break;
                case < 60:
                    await _model.DrainedAsync();
                    if (Node.Runner.Find(_id) is { } log)
                    {
                        await Patience.Until(() => log.Durable == log.End);
                    }

                    break;
                case < 66:
                    Node.Store.Fail(random.Next(1, 3));
                    break;
                case < 72 when _viewers.Count < 8:
                    var from = await Node.AnyBoundaryAsync(_id, random);
                    _viewers.Add(new Viewer(from));
                    _viewers[^1].Connect(Node, _id);
                    break;
                case < 86:
                    if (viewer.IsConnected)
                    {
                        await viewer.LeaveAsync();
                    }
                    else
                    {
                        viewer.Connect(Node, _id);
                    }

                    break;
                case < 88:
                    await CrashAsync();
                    break;
                case 88 when random.Next(3) == 0:
                    await Node.Runner.StopAsync(_id, viewer.Position, Patience.Cancel).Soon();
                    _over = true;
                    break;
                case 89 when random.Next(3) == 0:
                    _model.Complete();
                    _over = true;
                    break;
                case 90 when random.Next(3) == 0:
                    _model.Fail();
                    _over = true;
                    break;
            }
        }

        private void Push()
        {
            for (var i = random.Next(1, 6); i > 0; i--)
            {
                var text = RandomLog.Text(random);
                if (random.Next(8) == 0)
                {
                    _model.Reasoning(text);
                    continue;
                }

                _model.Text(text);
                _pushed[^1].Append(text);
            }
        }

        private async Task CrashAsync()
        {
            // The viewers see what they see until the last moment.
            var goesOn = random.Next(5) > 0;
            PushedModel? next = null;
            foreach (var viewer in _viewers.Where(_ => random.Next(2) == 0))
            {
                await viewer.LeaveAsync();
            }

            tests._node = await Node.CrashAsync(
                random,
                id => id == _id && goesOn ? TestAsk(next = new PushedModel()) : null,
                async () =>
                {
                    foreach (var viewer in _viewers)
                    {
                        await viewer.LeaveAsync();
                    }
                }
            );
            _model = next ?? new PushedModel();
            var record = (await Node.Store.FindAsync(_id, Patience.Cancel))!;
            Assert.All(_viewers, viewer => Assert.InRange(viewer.Position, 0, record.End));
            if (record.Status == GenerationStatus.Running)
            {
                Assert.True(next is not null, "The generation was not adopted when its process was started again.");
                _pushed.Add(new StringBuilder());
            }
            else
            {
                _over = true;
            }

            foreach (var viewer in _viewers.Where(_ => random.Next(2) == 0))
            {
                viewer.Connect(Node, _id);
            }
        }

        private async Task AssertPromiseAsync()
        {
            var log = await Node.ReadAsync(_id);

            // One end, and it is last; nothing is left beside the message.
            Assert.Single(log.Controls, control => control.Entry is GenerationEnded);
            Assert.NotNull(log.Ended);
            Assert.Equal(
                new GenerationRecord(_id, log.Ended.Status, (await Node.Store.FindAsync(_id, Patience.Cancel))!.Epoch, log.End),
                await Node.Store.FindAsync(_id, Patience.Cancel)
            );

            // What anybody saw is there, where they saw it: folding has moved nothing.
            foreach (var viewer in _viewers)
            {
                viewer.AssertSawPartOf(log);
            }

            foreach (var at in log.Boundaries().Where(_ => random.Next(20) == 0))
            {
                var slice = (await Node.Store.ReadAsync(_id, at, random.Next(1, 400), Patience.Cancel))!.Value;
                LogCuts.AssertIsPartOf(log, slice);
            }

            // Every attempt's text is what its model said, cut at the most; the last one's is whole unless it was stopped.
            var attempts = TextByAttempt(log);
            Assert.InRange(attempts.Count, 1, _pushed.Count);
            var pushed = _pushed.Select(text => text.ToString()).ToList();
            for (var (i, from) = (0, 0); i < attempts.Count; i++, from++)
            {
                // An attempt that nothing was kept of has no seam after it.
                while (!pushed[from].StartsWith(attempts[i], StringComparison.Ordinal))
                {
                    Assert.True(++from < pushed.Count, $"Attempt {i} says what no model said: {attempts[i]}");
                }
            }

            if (log.Ended.Status == GenerationStatus.Completed && log.Ended.FinishReason == "stop")
            {
                Assert.Equal(pushed[^1], attempts[^1]);
            }
        }

        private static List<string> TextByAttempt(LogSnapshot log)
        {
            List<StringBuilder> attempts = [new()];
            foreach (var entry in log.From(0))
            {
                if (entry.Control is Seam)
                {
                    attempts.Add(new StringBuilder());
                }
                else if (entry.Part is { Part: PartKind.Text })
                {
                    attempts[^1].Append(Encoding.UTF8.GetString(entry.Text));
                }
            }

            return [.. attempts.Select(text => text.ToString())];
        }
    }

    private static GenerationRequest TestAsk(IChatClient model) =>
        new(model, "demo/pushed", [new ChatMessage(ChatRole.User, "A question?")], null, AcceptsPrefix: true);

    /// <summary>Somebody who watches, with interruptions, and remembers only a position.</summary>
    private sealed class Viewer(long from)
    {
        private readonly List<byte> _bytes = [];
        private readonly List<PositionedEntry> _controls = [];
        private Follower? _follower;

        public bool IsConnected => _follower is not null;

        public long Position => _follower?.Position ?? from + _bytes.Count;

        public void Connect(Node node, GenerationId id) => _follower ??= new Follower(node.Runner, id, from + _bytes.Count);

        public async Task LeaveAsync()
        {
            if (_follower is null)
            {
                return;
            }

            await _follower.LeaveAsync();
            Take();
        }

        public async Task ReadToEndAsync(Node node, GenerationId id)
        {
            while (true)
            {
                Connect(node, id);
                var state = await _follower!.Done.Soon();
                Take();
                if (state == LogReaderState.Ended)
                {
                    return;
                }
            }
        }

        public void AssertSawPartOf(LogSnapshot log)
        {
            Assert.InRange(from + _bytes.Count, from, log.End);
            Assert.Equal(log.Bytes[(int)from..(int)(from + _bytes.Count)].ToArray(), _bytes);
            Assert.Equal(log.Controls.Where(control => control.Position >= from && control.Position < from + _bytes.Count), _controls);
        }

        private void Take()
        {
            var (bytes, controls) = _follower!.Seen;
            _bytes.AddRange(bytes);
            _controls.AddRange(controls);
            _follower = null;
        }
    }

    /// <summary>A process: engine and database.</summary>
    private sealed class Node
    {
        private readonly IDataProcess _process;
        private readonly LogWriter _writer;
        private readonly GenerationReaper _reaper;

        private Node(IDataProcess process, Func<GenerationId, GenerationRequest?> requests)
        {
            var options = Microsoft.Extensions.Options.Options.Create(
                new GenerationOptions
                {
                    CommitSpacing = TimeSpan.Zero,
                    WindowBytes = 1024,
                    SliceBytes = 256,
                    MaxAdoptions = 100,
                }
            );
            _process = process;
            Store = new FaultyStore(process.Store);
            _writer = new LogWriter(Store, new InProcessGenerationBus(), options, Hurry, NullLogger<LogWriter>.Instance);
            Runner = new GenerationRunner(
                Store,
                _writer,
                new InProcessGenerationBus(),
                options,
                Hurry,
                NullLogger<GenerationRunner>.Instance
            );
            _reaper = new GenerationReaper(Store, Runner, new Requests(requests), options, Hurry, NullLogger<GenerationReaper>.Instance);
        }

        public static HurriedTime Hurry { get; } = new();

        public FaultyStore Store { get; }

        public GenerationRunner Runner { get; }

        public static async Task<Node> StartAsync(IDataProcess process, Func<GenerationId, GenerationRequest?>? requests = null)
        {
            var node = new Node(process, requests ?? (_ => null));
            await node._writer.StartAsync(Patience.Cancel);
            await node._reaper.StartAsync(Patience.Cancel).Soon();
            await ((IHostedService)node.Runner).StartAsync(Patience.Cancel);
            return node;
        }

        public async Task<GenerationId> AskAsync(IChatClient model)
        {
            var (id, _, _) = await _process.StartAsync();
            Runner.Start(id, 1, TestAsk(model), null);
            return id;
        }

        /// <summary>Dies between two commits, or after one that nobody was told of. Returns the process that starts over what is on the disk.</summary>
        public async Task<Node> CrashAsync(Random random, Func<GenerationId, GenerationRequest?> requests, Func<Task>? leave = null)
        {
            Store.Freeze(afterCommit: random.Next(2) == 0);
            await Store.IdleAsync();
            if (leave is not null)
            {
                await leave();
            }

            await StopAsync();
            return await StartAsync(await _process.KillAsync(), requests);
        }

        public async Task DisposeAsync()
        {
            await StopAsync();
            await _process.DisposeAsync();
        }

        private async Task StopAsync()
        {
            Store.Freeze(afterCommit: false);
            await Store.IdleAsync();
            await _reaper.StopAsync(new CancellationToken(canceled: true)).ContinueWith(_ => { }, TaskScheduler.Default);

            // A process that is dead renews no lease.
            await _reaper.ExecuteTask!.ContinueWith(_ => { }, TaskScheduler.Default).Soon();
        }

        public async Task<LogSnapshot> ReadAsync(GenerationId id)
        {
            var log = new LogBuilder();
            while (true)
            {
                var slice = (await Store.ReadAsync(id, log.End, 1 << 20, Patience.Cancel))!.Value;
                if (slice.Bytes.Length == 0)
                {
                    return log.Log;
                }

                log.Append(new PendingSlice(id, 0, slice.From, slice.Bytes, slice.Controls));
            }
        }

        public async Task<long> AnyBoundaryAsync(GenerationId id, Random random)
        {
            var boundaries = (await ReadAsync(id)).Boundaries();
            return boundaries[random.Next(boundaries.Count)];
        }
    }

    private sealed class Requests(Func<GenerationId, GenerationRequest?> load) : IRequestSource
    {
        public ValueTask<GenerationRequest?> LoadAsync(GenerationId id, CancellationToken cancellationToken) =>
            ValueTask.FromResult(load(id));
    }

    /// <summary>A store whose commits fail now and then, until its process dies.</summary>
    private sealed class FaultyStore(IGenerationStore store) : IGenerationStore
    {
        private readonly Lock _gate = new();
        private int _failures,
            _running;
        private bool _frozen,
            _afterCommit;

        public void Fail(int times) => Volatile.Write(ref _failures, times);

        public void Freeze(bool afterCommit)
        {
            lock (_gate)
            {
                (_frozen, _afterCommit) = (true, afterCommit);
            }
        }

        public Task IdleAsync() =>
            Patience.Until(() =>
            {
                lock (_gate)
                {
                    return _running == 0;
                }
            });

        public async ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PendingSlice> slices, CancellationToken cancellationToken)
        {
            if (Interlocked.Decrement(ref _failures) >= 0)
            {
                throw new IOException("No space left on device.");
            }

            AppendOutcome[]? outcomes = null;
            if (Enter())
            {
                var alive = false;
                try
                {
                    outcomes = await store.AppendAsync(slices, cancellationToken);
                }
                finally
                {
                    alive = Leave();
                }

                if (alive)
                {
                    return outcomes;
                }
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, Patience.Cancel);
            return outcomes!;
        }

        public ValueTask<LogSlice?> ReadAsync(GenerationId id, long after, int maxBytes, CancellationToken cancellationToken) =>
            store.ReadAsync(id, after, maxBytes, cancellationToken);

        public ValueTask<GenerationRecord?> FindAsync(GenerationId id, CancellationToken cancellationToken) =>
            store.FindAsync(id, cancellationToken);

        public ValueTask<IReadOnlyList<AbandonedGeneration>> AdoptAbandonedAsync(int limit, CancellationToken cancellationToken) =>
            store.AdoptAbandonedAsync(limit, cancellationToken);

        public ValueTask RenewLeaseAsync(CancellationToken cancellationToken) => store.RenewLeaseAsync(cancellationToken);

        public ValueTask ReleaseLeaseAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        private bool Enter()
        {
            lock (_gate)
            {
                if (_frozen)
                {
                    return false;
                }

                _running++;
                return true;
            }
        }

        /// <summary>Whether the process still lives to hear of the commit.</summary>
        private bool Leave()
        {
            lock (_gate)
            {
                _running--;
                return !(_frozen && _afterCommit);
            }
        }
    }

    /// <summary>Waiting takes a fiftieth of the time.</summary>
    private sealed class HurriedTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(
                callback,
                state,
                dueTime > TimeSpan.Zero ? dueTime / 50 : dueTime,
                period > TimeSpan.Zero ? period / 50 : period
            );
    }
}

/// <summary>Over SQLite.</summary>
public sealed class SqliteLogModelTests : LogModelTests
{
    private protected override Task<IDataProcess> CreateAsync() => Task.FromResult<IDataProcess>(SqliteProcess.Create(Sizes));
}
