namespace Parley.Bench;

/// <summary>Milliseconds at some quantiles.</summary>
internal sealed record Spread(int Count, double P50, double P95, double P99, double Max);

/// <summary>What a load run saw: one line of JSON, written by <c>load</c> and read by <c>run</c>.</summary>
internal sealed record LoadResult
{
    public required int Requests { get; init; }

    /// <summary>Answers that were whole: status 200, every token once and in order, the body ended.</summary>
    public required int Ok { get; init; }

    /// <summary>Answers refused, broken off or out of order, and those that never ended.</summary>
    public required int Bad { get; init; }

    /// <summary>Answers that ended properly with too few tokens.</summary>
    public required int Short { get; init; }

    /// <summary>What went wrong, and how often.</summary>
    public required IReadOnlyDictionary<string, int> Faults { get; init; }

    public required double Seconds { get; init; }

    public required long Tokens { get; init; }

    /// <summary>Received in all, with heads and framing.</summary>
    public required long Bytes { get; init; }

    public required double TokensPerSecond { get; init; }

    /// <summary>From before connecting to the first token.</summary>
    public required Spread FirstToken { get; init; }

    /// <summary>From the provider's stamp to the reader, of every token (with followers: of theirs only, and only of tokens after they joined).</summary>
    public required Spread Late { get; init; }

    public required double CpuSeconds { get; init; }

    public required double CpuPerToken { get; init; }

    public required double SideCpuPerToken { get; init; }

    /// <summary>Of the load generator itself: it shares the cores.</summary>
    public required double OwnCpuPerToken { get; init; }

    public required double RssBeforeMb { get; init; }

    public required double RssPeakMb { get; init; }

    public required double KbPerStream { get; init; }
}
