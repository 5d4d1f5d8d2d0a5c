namespace Parley.Streaming.Generations.Bus;

/// <summary>A notice about one generation.</summary>
/// <param name="Kind">What happened, or what is asked.</param>
/// <param name="Id">The generation.</param>
/// <param name="Position">
/// Of <see cref="GenerationNoticeKind.Grown"/> and <see cref="GenerationNoticeKind.Ended"/>: the position after the last committed entry.
/// Of <see cref="GenerationNoticeKind.StopRequested"/>: the position that the person who stops it has seen; null when it is not known.
/// </param>
public readonly record struct GenerationNotice(GenerationNoticeKind Kind, GenerationId Id, long? Position);

/// <summary>The kinds of <see cref="GenerationNotice"/>.</summary>
public enum GenerationNoticeKind
{
    /// <summary>More of the generation is committed.</summary>
    Grown,

    /// <summary>The end of the generation is committed.</summary>
    Ended,

    /// <summary>The node that runs the generation is asked to stop it.</summary>
    StopRequested,
}
