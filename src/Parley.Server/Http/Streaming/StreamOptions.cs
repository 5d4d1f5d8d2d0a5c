using System.ComponentModel.DataAnnotations;

namespace Parley.Server.Http.Streaming;

/// <summary>Heartbeats and timeouts of event streams. Section <c>Streams</c> of the configuration.</summary>
public sealed class StreamOptions
{
    /// <summary>The time without data after which a heartbeat is sent. Default 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a client may leave sent data unread before its connection is aborted. It can continue from its position. Default 30
    /// seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan WriteDeadline { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a long-poll waits for data. Default 25 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan LongPoll { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// How long a live Durable Streams connection lasts before the client has to reconnect, which clients do by themselves. Default 60
    /// seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DurableConnection { get; set; } = TimeSpan.FromSeconds(60);
}
