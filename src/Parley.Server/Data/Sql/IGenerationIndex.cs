using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>The log store's memory of running generations, which follows what other writes commit.</summary>
public interface IGenerationIndex
{
    /// <summary>This process, as the owner of generations that are started now.</summary>
    string NodeId { get; }

    /// <summary>A generation was stored under epoch 1, with <paramref name="nodeId"/> as its owner: its first append need not look for it.</summary>
    void Started(GenerationId id, long key, string nodeId);

    /// <summary>These generations were deleted: appends to them are fenced.</summary>
    void Forget(IEnumerable<GenerationId> ids);
}
