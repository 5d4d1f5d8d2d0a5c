using System.ComponentModel.DataAnnotations;
using Parley.Server.Compatibility.OpenAI;

namespace Parley.Server.Generations;

/// <summary>How long answers are kept that programs ask for outside of any conversation. Section <c>Completions</c> of the configuration.</summary>
public sealed class CompletionOptions
{
    /// <summary>An answer that the client did not ask to be stored can be followed and retried for so long. Default 24 hours.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>A Response that is stored (which is what a client gets that says nothing) can be retrieved and gone on from for so long. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan ResponseRetention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>An answer that the client asked not to be stored goes after so long: time for a retry to find it. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan RetryWindow { get; set; } = TimeSpan.FromMinutes(10);
}
