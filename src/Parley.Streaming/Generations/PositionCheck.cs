namespace Parley.Streaming.Generations;

/// <summary>Whether a reader may continue from a position that a client sent.</summary>
public enum PositionCheck
{
    /// <summary>There is no such generation.</summary>
    Unknown,

    /// <summary>A reader may continue from it.</summary>
    Good,

    /// <summary>It is the end of a generation that has ended.</summary>
    AtEnd,

    /// <summary>It is negative, or beyond the end of the log.</summary>
    Beyond,

    /// <summary>It is inside a character.</summary>
    InsideCharacter,
}
