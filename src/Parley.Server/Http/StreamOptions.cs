using System.ComponentModel.DataAnnotations;

namespace Parley.Server.Http;

/// <summary>How event streams are kept alive and cut. Section <c>Streams</c> of the configuration.</summary>
public sealed class StreamOptions
{
    /// <summary>After so much silence a comment is sent. Default 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a reader may leave unread what was sent to it before its connection is cut. It can come back with its position. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan WriteDeadline { get; set; } = TimeSpan.FromSeconds(30);
}
