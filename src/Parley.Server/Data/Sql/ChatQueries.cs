namespace Parley.Server.Data.Sql;

/// <summary>Opens reads for an owner.</summary>
public sealed class ChatQueries(IDatabase database)
{
    /// <summary>Opens reads of one owner's rows. Dispose them.</summary>
    public async ValueTask<ChatReads> OpenAsync(Owner owner, CancellationToken cancellationToken) =>
        new(await database.OpenAsync(owner, cancellationToken));

    /// <summary>The generation of this id, or null when it does not exist for this owner.</summary>
    public async ValueTask<OwnedGeneration?> GenerationAsync(Owner? owner, string? generationId, CancellationToken cancellationToken)
    {
        if (owner is not { } known)
        {
            return null;
        }

        await using var reads = await OpenAsync(known, cancellationToken);
        return await reads.GenerationAsync(generationId);
    }
}
