namespace Parley.Streaming.Generations;

/// <summary>Whether one more generation may start.</summary>
public enum Admission
{
    /// <summary>It may start.</summary>
    Admitted,

    /// <summary>The node runs <see cref="GenerationOptions.MaxActive"/> generations.</summary>
    NodeFull,

    /// <summary>The owner has <see cref="GenerationOptions.MaxActivePerOwner"/> generations running.</summary>
    OwnerFull,

    /// <summary>The node shuts down.</summary>
    NodeLeaving,
}
