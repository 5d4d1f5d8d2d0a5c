using Microsoft.Extensions.AI;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Streaming.Generations;
using Parley.Streaming.Generations.Bus;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.Generations;

/// <summary>The engine of one process, over a store in memory. Several engines over one disk are several nodes.</summary>
internal sealed class TestEngine : IAsyncDisposable, IRequestSource
{
    private readonly Func<GenerationId, GenerationRequest?> _requests;
    private bool _stopped;

    private TestEngine(
        GenerationOptions? options,
        TimeProvider? time,
        MemoryDisk? disk,
        string node,
        Func<GenerationId, GenerationRequest?>? requests,
        IGenerationBus? bus
    )
    {
        Options = options ?? new GenerationOptions { CommitSpacing = TimeSpan.Zero };
        Time = time ?? TimeProvider.System;
        _requests = requests ?? (_ => null);
        Disk = disk ?? new MemoryDisk();
        Store = new MemoryGenerationStore(Disk, node, Time, Options.Lease);
        var values = Microsoft.Extensions.Options.Options.Create(Options);
        bus ??= new InProcessGenerationBus();
        Writer = new LogWriter(Store, bus, values, Time, NullLogger<LogWriter>.Instance);
        Runner = new GenerationRunner(Store, Writer, bus, values, Time, NullLogger<GenerationRunner>.Instance);
        Reaper = new GenerationReaper(Store, Runner, this, values, Time, NullLogger<GenerationReaper>.Instance);
        Runner.Ended += (id, end) =>
        {
            lock (Ends)
            {
                Ends.Add((id, end));
            }
        };
    }

    public GenerationOptions Options { get; }

    public TimeProvider Time { get; }

    public MemoryDisk Disk { get; }

    public MemoryGenerationStore Store { get; }

    public LogWriter Writer { get; }

    public GenerationRunner Runner { get; }

    public GenerationReaper Reaper { get; }

    public List<(GenerationId Id, GenerationEnded End)> Ends { get; } = [];

    /// <summary>Starts a node's engine, without its reaper.</summary>
    public static async Task<TestEngine> StartAsync(
        GenerationOptions? options = null,
        TimeProvider? time = null,
        MemoryDisk? disk = null,
        string node = "node-1",
        Func<GenerationId, GenerationRequest?>? requests = null,
        IGenerationBus? bus = null
    )
    {
        var engine = new TestEngine(options, time, disk, node, requests, bus);
        await engine.Writer.StartAsync(Patience.Cancel);
        await ((IHostedService)engine.Runner).StartAsync(Patience.Cancel);
        return engine;
    }

    public static GenerationRequest Ask(IChatClient model, bool acceptsPrefix = false) =>
        new(model, "demo/pushed", [new ChatMessage(ChatRole.User, "A question?")], null, acceptsPrefix);

    /// <summary>Starts a new generation on this node.</summary>
    public GenerationId Start(IChatClient model, GenerationSlot? slot = null, LogSnapshot? continues = null, bool acceptsPrefix = false)
    {
        var id = GenerationId.New(TimeProvider.System.GetUtcNow());
        Store.Add(id);
        Runner.Start(id, 1, Ask(model, acceptsPrefix), slot, continues);
        return id;
    }

    public GenerationLog Log(GenerationId id) => Runner.Find(id) ?? throw new InvalidOperationException("It does not run here.");

    public Task<LogSnapshot> ReadToEndAsync(GenerationId id) => Follower.ReadToEndAsync(Runner, id);

    /// <summary>Completes when the log is committed up to this position.</summary>
    public Task Durable(GenerationId id, long position) => new Follower(Runner, id).Reached(position);

    /// <summary>Completes when the end of the generation was announced: its task then only waits until it may forget the log.</summary>
    public Task EndedAsync(GenerationId id) =>
        Patience.Until(() =>
        {
            lock (Ends)
            {
                return Ends.Any(one => one.Id == id);
            }
        });

    /// <summary>Completes when the log is no longer in memory.</summary>
    public Task ForgottenAsync(GenerationId id) => Patience.Until(() => Runner.Find(id) is null);

    /// <summary>Shuts the node down in the order of the host.</summary>
    public async Task LeaveAsync()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        await ((IHostedService)Runner).StopAsync(Patience.Cancel).Soon();
        await Reaper.StopAsync(Patience.Cancel).Soon();
        await Writer.StopAsync(Patience.Cancel).Soon();
    }

    /// <summary>Kills the process: it commits nothing more, and its lease has expired.</summary>
    public void Kill()
    {
        Store.BeforeCommit = _ => new TaskCompletionSource().Task;
        Disk.Leases.Clear();
        _stopped = true;
    }

    ValueTask<GenerationRequest?> IRequestSource.LoadAsync(GenerationId id, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_requests(id));

    public async ValueTask DisposeAsync()
    {
        if (_stopped)
        {
            return;
        }

        Store.BeforeCommit = null;
        await LeaveAsync();
        Runner.Dispose();
        Reaper.Dispose();
        Writer.Dispose();
    }
}
