namespace Parley.Bench;

/// <summary>The result of a load run: one line of JSON, written by <c>load</c> and read by <c>run</c>.</summary>
internal sealed record LoadResult
{
    public required int Requests { get; init; }

    /// <summary>Complete responses: status 200, every token once and in order, the body properly ended.</summary>
    public required int Complete { get; init; }

    /// <summary>Responses that were refused, cut off, out of order or not ended in time.</summary>
    public required int Failed { get; init; }

    /// <summary>Responses that ended properly with too few tokens.</summary>
    public required int Truncated { get; init; }

    /// <summary>Number of responses by error.</summary>
    public required IReadOnlyDictionary<string, int> Errors { get; init; }

    public required double Seconds { get; init; }

    public required long Tokens { get; init; }

    /// <summary>Bytes received, with heads and framing.</summary>
    public required long Bytes { get; init; }

    public required double TokensPerSecond { get; init; }

    /// <summary>
    /// Milliseconds from before connecting (with <see cref="LoadPlan.ConnectFirst"/>: from sending the request) to the first token.
    /// </summary>
    public required Percentiles FirstToken { get; init; }

    /// <summary>
    /// Milliseconds from the provider's timestamp of a token to its arrival. With followers: only tokens sent after the follower had
    /// joined.
    /// </summary>
    public required Percentiles Lateness { get; init; }

    public required double ServerCpuSeconds { get; init; }

    /// <summary>Microseconds.</summary>
    public required double ServerCpuPerToken { get; init; }

    public required double DatabaseCpuSeconds { get; init; }

    /// <summary>Microseconds.</summary>
    public required double DatabaseCpuPerToken { get; init; }

    /// <summary>Microseconds of the load generator itself, which shares the cores with the server.</summary>
    public required double GeneratorCpuPerToken { get; init; }

    public required double RssBeforeMb { get; init; }

    public required double RssPeakMb { get; init; }

    /// <summary>Growth of the server's resident size, divided by the streams or the followers.</summary>
    public required double KbPerStream { get; init; }
}
