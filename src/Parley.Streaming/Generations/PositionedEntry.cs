namespace Parley.Streaming.Generations;

/// <summary>A control entry and its position. It covers the positions from <paramref name="Position"/> to the next one.</summary>
/// <param name="Position">The position before the entry.</param>
/// <param name="Entry">The entry.</param>
public readonly record struct PositionedEntry(long Position, LogEntry Entry);
