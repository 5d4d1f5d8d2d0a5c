namespace Parley.Streaming.Providers.Transport;

/// <summary>The limits on the time of one provider call. <see cref="Timeout.InfiniteTimeSpan"/> turns one off.</summary>
public sealed record ProviderTimeouts
{
    /// <summary>TCP and TLS. Default 10 s.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From sending the request to the first text, reasoning or tool call. Default 30 s. Comments do not extend it.</summary>
    public TimeSpan FirstToken { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The longest silence inside an answer. Default 30 s. Comments and pings restart it, but without content the call ends
    /// after <see cref="PingFactor"/> times this.
    /// </summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The whole answer. Default 30 minutes.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>From the finish reason to the usage and the end marker; then the answer ends without them. Default 2 s.</summary>
    public TimeSpan AfterFinish { get; init; } = TimeSpan.FromSeconds(2);

    internal const int PingFactor = 4;
}
