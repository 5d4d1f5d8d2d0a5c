using System.ComponentModel.DataAnnotations;

namespace Parley.Streaming.Generations;

/// <summary>Bounds of the engine. Section <c>Generations</c> of the configuration.</summary>
public sealed class GenerationOptions
{
    /// <summary>
    /// The maximum duration of a generation. Default 30 minutes; 1 second to 24 hours. A generation that takes longer fails with
    /// <c>deadline_exceeded</c>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Deadline { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// The maximum size of an answer in bytes, all parts together. Default 8 MiB. A generation that reaches it ends with finish reason
    /// <c>length</c>.
    /// </summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxAnswerBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>
    /// The maximum number of control entries in a log. Default 20,000. A generation that reaches it ends with finish reason <c>length</c>.
    /// </summary>
    [Range(16, 1_000_000)]
    public int MaxControls { get; set; } = 20_000;

    /// <summary>
    /// How many bytes of its log a running generation keeps in memory for readers that are close behind. Default 128 KiB. Older bytes are
    /// read from the store.
    /// </summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int WindowBytes { get; set; } = 128 * 1024;

    /// <summary>How many bytes may wait for a commit before the provider's stream is paused. Default 256 KiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int PendingBytes { get; set; } = 256 * 1024;

    /// <summary>
    /// The maximum size in bytes of the slice that a reader takes at a time. Default 32 KiB; at most 64 KiB, since this is what a reader
    /// holds while it writes.
    /// </summary>
    [Range(256, 64 * 1024)]
    public int SliceBytes { get; set; } = 32 * 1024;

    /// <summary>
    /// The minimum time from one group commit to the next. Default 2 milliseconds. A commit after a longer pause starts at once, so an idle
    /// system adds no delay; under load more tokens share each commit.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan CommitSpacing { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// The maximum number of generations that run at once on this node. Default 2,000. Further ones are refused with 503.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxActive { get; set; } = 2000;

    /// <summary>The maximum number of generations that run at once for one owner. Default 16. Further ones are refused with 429.</summary>
    [Range(1, 1_000_000)]
    public int MaxActivePerOwner { get; set; } = 16;

    /// <summary>How many times a generation whose owner died is adopted before it ends as interrupted. Default 3.</summary>
    [Range(0, 100)]
    public int MaxAdoptions { get; set; } = 3;

    /// <summary>How long a node's lease lasts without being renewed. Default 10 seconds. It is renewed three times in that time.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a node looks for abandoned generations. Default 2 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long the log of an ended generation stays in memory for readers that have not finished. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Linger { get; set; } = TimeSpan.FromSeconds(30);
}
