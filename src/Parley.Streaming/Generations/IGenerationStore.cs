namespace Parley.Streaming.Generations;

/// <summary>
/// Stores logs: the only truth about a generation. Implementations are safe for concurrent use and pass the contract suite
/// <c>GenerationStoreContract</c>; <c>docs/architecture.md</c> says how to add one.
/// </summary>
/// <remarks>Every call throws <see cref="StoreUnavailableException"/> while the store cannot be reached.</remarks>
public interface IGenerationStore
{
    /// <summary>
    /// Appends slices of different generations in one commit (at most one slice per generation) and returns when they are durable. Each
    /// slice is judged by itself: a fenced one does not keep the others out. A slice that ends its generation also writes the log into its
    /// message, in the same commit.
    /// </summary>
    /// <remarks>
    /// It may complete on a thread of the store, which the caller must not block. It throws when the store cannot commit; then nothing was
    /// appended, and the same call may be repeated.
    /// </remarks>
    ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PendingSlice> slices, CancellationToken cancellationToken);

    /// <summary>
    /// What is committed from <paramref name="after"/> on, about <paramref name="maxBytes"/> at most, whether or not the generation has
    /// ended. Empty at the end of the log; null if there is no such generation.
    /// </summary>
    /// <remarks>
    /// The slice must not share memory with anything much larger than itself: readers that wait for their clients hold slices, and must not
    /// hold whole logs. <see cref="LogSnapshot.Slice"/> makes such slices.
    /// </remarks>
    /// <param name="id">The generation.</param>
    /// <param name="after">The position to read from; a boundary.</param>
    /// <param name="maxBytes">
    /// The size to cut to, as <see cref="LogSlice.EndOf"/> does it. The store may return less, but not nothing.
    /// </param>
    /// <param name="cancellationToken">Cancels the read.</param>
    ValueTask<LogSlice?> ReadAsync(GenerationId id, long after, int maxBytes, CancellationToken cancellationToken);

    /// <summary>The generation, or null if there is none with this id.</summary>
    ValueTask<GenerationRecord?> FindAsync(GenerationId id, CancellationToken cancellationToken);

    /// <summary>
    /// Adopts running generations whose owner's lease has expired, each under a new epoch: no two callers ever get the same one. Empty when
    /// there are none.
    /// </summary>
    ValueTask<IReadOnlyList<AbandonedGeneration>> AdoptAbandonedAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Renews this node's lease, by the database's clock.</summary>
    ValueTask RenewLeaseAsync(CancellationToken cancellationToken);

    /// <summary>Ends this node's lease: what it still owns may be adopted at once.</summary>
    ValueTask ReleaseLeaseAsync(CancellationToken cancellationToken);
}

/// <summary>What <see cref="IGenerationStore.AppendAsync"/> did with a slice.</summary>
public enum AppendOutcome
{
    /// <summary>It is committed: it survives a crash of the process.</summary>
    Committed,

    /// <summary>
    /// Another node owns the generation, or it has ended or was deleted, or the slice does not begin at the end of the log. Nothing was
    /// changed.
    /// </summary>
    Fenced,
}

/// <summary>What one generation appends to its log in one commit.</summary>
/// <param name="Id">The generation.</param>
/// <param name="Epoch">The epoch under which its writer owns it.</param>
/// <param name="Start">The position at which the slice begins: the end of what was appended before.</param>
/// <param name="Bytes">UTF-8 text, with <see cref="LogSlice.Mark"/> for each control entry.</param>
/// <param name="Controls">The control entries of the slice, in order.</param>
public readonly record struct PendingSlice(
    GenerationId Id,
    int Epoch,
    long Start,
    ReadOnlyMemory<byte> Bytes,
    ReadOnlyMemory<PositionedEntry> Controls
)
{
    /// <summary>The position after the slice.</summary>
    public long End => Start + Bytes.Length;

    /// <summary>The end of the generation, if the slice contains it (as its last entry).</summary>
    public GenerationEnded? Ended => Controls.Length > 0 ? Controls.Span[^1].Entry as GenerationEnded : null;
}

/// <summary>What a store knows about a generation.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status">Its status.</param>
/// <param name="Epoch">How many owners it has had; appends under another epoch are fenced.</param>
/// <param name="End">The position after its last committed entry.</param>
public sealed record GenerationRecord(GenerationId Id, GenerationStatus Status, int Epoch, long End);

/// <summary>A running generation whose owner is gone, adopted for this node under a new epoch.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Epoch">The epoch under which this node owns it now.</param>
/// <param name="Adoptions">How many times it has been adopted, this time included.</param>
/// <param name="Log">All that is committed of it.</param>
public sealed record AbandonedGeneration(GenerationId Id, int Epoch, int Adoptions, LogSnapshot Log);
