using Parley.Streaming.Generations;

namespace Parley.Server.Data.Sql;

/// <summary>The log store's in-memory index of running generations, which other writes update after their commit.</summary>
public interface IGenerationIndex
{
    /// <summary>This node, which owns the generations that it starts.</summary>
    string NodeId { get; }

    /// <summary>
    /// A generation was stored under epoch 1, owned by <paramref name="nodeId"/>: its first append need not query for it.
    /// </summary>
    void Started(GenerationId id, long key, string nodeId);

    /// <summary>These generations were deleted: appends to them are fenced.</summary>
    void Forget(IEnumerable<GenerationId> ids);
}
