using Parley.Streaming.Generations;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.Generations;

/// <summary>What the processes of <see cref="MemoryGenerationStore"/> share and what survives them: the "disk" of a test.</summary>
internal sealed class MemoryDisk
{
    public Lock Gate { get; } = new();

    public Dictionary<GenerationId, Stored> Generations { get; } = [];

    public Dictionary<string, DateTimeOffset> Leases { get; } = [];

    internal sealed class Stored
    {
        public LogBuilder Log { get; } = new();
        public GenerationStatus Status { get; set; }
        public required string Node { get; set; }
        public int Epoch { get; set; } = 1;
        public int Adoptions { get; set; }
    }
}

/// <summary>
/// The store of one process, in memory, with the faults that a test asks for. It also checks that the engine keeps its side of the
/// contract.
/// </summary>
internal sealed class MemoryGenerationStore(MemoryDisk disk, string node, TimeProvider time, TimeSpan lease) : IGenerationStore
{
    private int _reads;

    /// <summary>Runs before each commit. A test can delay the commit, or let it fail by throwing.</summary>
    public Func<IReadOnlyList<PendingSlice>, Task>? BeforeCommit { get; set; }

    /// <summary>All successful commits, in order.</summary>
    public List<PendingSlice[]> Commits { get; } = [];

    /// <summary>Runs when a read has its result, before it returns: what happens meanwhile is not in the result.</summary>
    public Func<Task>? AfterRead { get; set; }

    /// <summary>Reads return everything there is, instead of the size that was asked for.</summary>
    public bool IgnoresSizes { get; set; }

    public int Reads => Volatile.Read(ref _reads);

    public void Add(GenerationId id)
    {
        lock (disk.Gate)
        {
            disk.Generations.Add(id, new MemoryDisk.Stored { Node = node });
        }
    }

    public void Delete(GenerationId id)
    {
        lock (disk.Gate)
        {
            disk.Generations.Remove(id);
        }
    }

    public LogSnapshot Log(GenerationId id)
    {
        lock (disk.Gate)
        {
            return disk.Generations[id].Log.Log;
        }
    }

    public async ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PendingSlice> slices, CancellationToken cancellationToken)
    {
        if (slices.DistinctBy(slice => slice.Id).Count() < slices.Count)
        {
            throw new ArgumentException("More than one slice of one generation.", nameof(slices));
        }

        if (BeforeCommit is { } before)
        {
            await before(slices);
        }

        lock (disk.Gate)
        {
            var outcomes = slices.Select(Append).ToArray();
            Commits.Add([.. slices.Where((_, i) => outcomes[i] == AppendOutcome.Committed)]);
            return outcomes;
        }
    }

    private AppendOutcome Append(PendingSlice slice)
    {
        if (!disk.Generations.TryGetValue(slice.Id, out var stored))
        {
            return AppendOutcome.Fenced;
        }

        if (stored.Status != GenerationStatus.Running || stored.Epoch != slice.Epoch || stored.Log.End != slice.Start)
        {
            return AppendOutcome.Fenced;
        }

        stored.Log.Append(slice);
        if (slice.Ended is { } ended)
        {
            stored.Status = ended.Status;
        }

        return AppendOutcome.Committed;
    }

    public async ValueTask<LogSlice?> ReadAsync(GenerationId id, long after, int maxBytes, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        LogSlice? slice;
        lock (disk.Gate)
        {
            slice = disk.Generations.TryGetValue(id, out var stored)
                ? stored.Log.Log.Slice(after, IgnoresSizes ? int.MaxValue : maxBytes)
                : null;
        }

        if (AfterRead is { } hook)
        {
            await hook();
        }

        return slice;
    }

    public ValueTask<GenerationRecord?> FindAsync(GenerationId id, CancellationToken cancellationToken)
    {
        lock (disk.Gate)
        {
            return ValueTask.FromResult(
                disk.Generations.TryGetValue(id, out var stored)
                    ? new GenerationRecord(id, stored.Status, stored.Epoch, stored.Log.End)
                    : null
            );
        }
    }

    public ValueTask<IReadOnlyList<AbandonedGeneration>> AdoptAbandonedAsync(int limit, CancellationToken cancellationToken)
    {
        lock (disk.Gate)
        {
            var now = time.GetUtcNow();
            List<AbandonedGeneration> adopted = [];
            foreach (var (id, stored) in disk.Generations)
            {
                if (adopted.Count == limit)
                {
                    break;
                }

                if (stored.Status != GenerationStatus.Running || (disk.Leases.TryGetValue(stored.Node, out var until) && until > now))
                {
                    continue;
                }

                (stored.Node, stored.Epoch, stored.Adoptions) = (node, stored.Epoch + 1, stored.Adoptions + 1);
                adopted.Add(new AbandonedGeneration(id, stored.Epoch, stored.Adoptions, stored.Log.Log));
            }

            return ValueTask.FromResult<IReadOnlyList<AbandonedGeneration>>(adopted);
        }
    }

    public ValueTask RenewLeaseAsync(CancellationToken cancellationToken)
    {
        lock (disk.Gate)
        {
            disk.Leases[node] = time.GetUtcNow() + lease;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask ReleaseLeaseAsync(CancellationToken cancellationToken)
    {
        lock (disk.Gate)
        {
            disk.Leases.Remove(node);
        }

        return ValueTask.CompletedTask;
    }
}
