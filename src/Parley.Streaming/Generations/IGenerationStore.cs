namespace Parley.Streaming.Generations;

/// <summary>What <see cref="IGenerationStore.AppendAsync"/> did with a slice.</summary>
public enum AppendOutcome
{
    /// <summary>It is committed: it will be there after a crash of the process.</summary>
    Committed,

    /// <summary>Somebody else owns the generation now, or it has ended, or the slice does not begin at its end. Nothing was changed.</summary>
    Fenced,
}

/// <summary>What one generation adds to its log in one commit.</summary>
/// <param name="Id">The generation.</param>
/// <param name="Epoch">The epoch under which its writer owns it.</param>
/// <param name="Start">The position that it begins at: the end of what was appended before.</param>
/// <param name="Bytes">Text, with <see cref="LogSlice.Mark"/> for each control entry.</param>
/// <param name="Controls">The control entries in it.</param>
public readonly record struct PendingSlice(
    GenerationId Id,
    int Epoch,
    long Start,
    ReadOnlyMemory<byte> Bytes,
    ReadOnlyMemory<PositionedControl> Controls
)
{
    /// <summary>The position after it.</summary>
    public long End => Start + Bytes.Length;

    /// <summary>The end of the generation, if it is in the slice (as its last entry).</summary>
    public GenerationEnded? Ended => Controls.Length > 0 ? Controls.Span[^1].Control as GenerationEnded : null;
}

/// <summary>What is known of a generation.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Epoch">How often it has had an owner; appends under another epoch are fenced.</param>
/// <param name="End">The position after its last committed entry.</param>
public sealed record GenerationRecord(GenerationId Id, GenerationStatus Status, int Epoch, long End);

/// <summary>A running generation whose owner is gone, claimed for this node under a new epoch.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Epoch">The epoch under which this node owns it now.</param>
/// <param name="Adoptions">How often it has been claimed, this time included.</param>
/// <param name="Log">All that was committed.</param>
public sealed record AbandonedGeneration(GenerationId Id, int Epoch, int Adoptions, FoldedLog Log);

/// <summary>
/// Where logs are kept: the only truth about a generation. Implementations are safe for concurrent use and pass the contract
/// suite <c>GenerationStoreContract</c>; <c>docs/architecture.md</c> tells how to add one.
/// </summary>
public interface IGenerationStore
{
    /// <summary>
    /// Appends slices of different generations in one commit (at most one slice a generation), and returns when they are durable. Each slice stands for itself: a fenced one
    /// does not keep the others out. A slice that ends its generation folds the log into its message in the same commit.
    /// It may complete on a thread of the store's, which its caller must not keep.
    /// Throws when the store cannot commit; then nothing was appended, and the same call may be made again.
    /// </summary>
    ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PendingSlice> slices, CancellationToken cancellationToken);

    /// <summary>What was committed from <paramref name="after"/> on, up to about <paramref name="maxBytes"/>, ended or not; empty at the end; null if there is no such generation. <paramref name="after"/> must be on a boundary.</summary>
    ValueTask<LogSlice?> ReadAsync(GenerationId id, long after, int maxBytes, CancellationToken cancellationToken);

    /// <summary>The generation, or null.</summary>
    ValueTask<GenerationRecord?> FindAsync(GenerationId id, CancellationToken cancellationToken);

    /// <summary>Claims running generations whose owner's lease is over: each for one caller alone, whoever else asks. Empty when there are none.</summary>
    ValueTask<IReadOnlyList<AbandonedGeneration>> ClaimAbandonedAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Renews this node's lease, by the database's clock.</summary>
    ValueTask RenewLeaseAsync(CancellationToken cancellationToken);

    /// <summary>Ends this node's lease: what it still owns may be claimed at once.</summary>
    ValueTask ReleaseLeaseAsync(CancellationToken cancellationToken);
}
