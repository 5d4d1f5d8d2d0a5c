using System.ComponentModel.DataAnnotations;

namespace Parley.Server.Generations;

/// <summary>Retention of answers outside of listed conversations. Configuration section <c>Completions</c>.</summary>
public sealed class CompletionOptions
{
    /// <summary>
    /// Retention of answers that the client did not ask to store: until then they can be followed and retried. Default 24 hours.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// Retention of stored Responses (the default of that API): until then they can be retrieved and continued. Default 30 days.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan ResponseRetention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Retention of answers requested with <c>store: false</c>: until then a retry finds them. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan RetryWindow { get; set; } = TimeSpan.FromMinutes(10);
}
