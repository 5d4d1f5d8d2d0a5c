using System.ComponentModel.DataAnnotations;

namespace Parley.Streaming.Generations;

/// <summary>Bounds of the engine. Section <c>Generations</c> of the configuration.</summary>
public sealed class GenerationOptions
{
    /// <summary>How long a generation may take in all. Default 30 minutes; 1 second to 24 hours. At its end the generation fails with <c>deadline_exceeded</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Deadline { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Bytes that an answer may have, all parts together. Default 8 MiB. Beyond it the generation ends with finish reason <c>length</c>.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxAnswerBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Control entries that a log may have. Default 20,000. Beyond it the generation ends with finish reason <c>length</c>.</summary>
    [Range(16, 1_000_000)]
    public int MaxControls { get; set; } = 20_000;

    /// <summary>Bytes of its log that a running generation keeps in memory for followers that are close behind. Default 128 KiB. Older ones are read from the store.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int WindowBytes { get; set; } = 128 * 1024;

    /// <summary>Bytes that may wait for a commit before the provider's stream is no longer read. Default 256 KiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int PendingBytes { get; set; } = 256 * 1024;

    /// <summary>Bytes that a follower takes at a time. Default 32 KiB.</summary>
    [Range(256, 1024 * 1024)]
    public int SliceBytes { get; set; } = 32 * 1024;

    /// <summary>
    /// The least time from one group commit to the next. Default 2 milliseconds. A commit that comes after a longer pause starts at once, so an idle system adds nothing;
    /// under load more tokens share each commit.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan CommitSpacing { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Generations that may run at once on this node. Default 2,000. Beyond it a start is refused with 503.</summary>
    [Range(1, 1_000_000)]
    public int MaxActive { get; set; } = 2000;

    /// <summary>Generations that may run at once for one owner. Default 16. Beyond it a start is refused with 429.</summary>
    [Range(1, 1_000_000)]
    public int MaxActivePerOwner { get; set; } = 16;

    /// <summary>How often a generation whose owner died is adopted before it ends as interrupted. Default 3.</summary>
    [Range(0, 100)]
    public int MaxAdoptions { get; set; } = 3;

    /// <summary>How long a lease lasts without being renewed. Default 10 seconds. It is renewed three times in that time.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often abandoned generations are looked for. Default 2 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the log of an ended generation stays in memory for followers that are still reading. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Linger { get; set; } = TimeSpan.FromSeconds(30);
}
