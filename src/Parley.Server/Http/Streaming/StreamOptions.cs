using System.ComponentModel.DataAnnotations;

namespace Parley.Server.Http.Streaming;

/// <summary>How event streams are kept alive and cut. Section <c>Streams</c> of the configuration.</summary>
public sealed class StreamOptions
{
    /// <summary>After so much silence a comment is sent. Default 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a reader may leave unread what was sent to it before its connection is cut. It can come back with its position. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan WriteDeadline { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a long-poll waits for more before it answers that there is none. Default 25 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan LongPoll { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>How long a Durable Streams reader stays on one connection before it is asked to come back, which it does by itself. Default 60 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan DurableConnection { get; set; } = TimeSpan.FromSeconds(60);
}
