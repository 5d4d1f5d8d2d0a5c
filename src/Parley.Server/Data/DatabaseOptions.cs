using System.ComponentModel.DataAnnotations;

namespace Parley.Server.Data;

/// <summary>Where data is kept. Section <c>Database</c> of the configuration; <c>PARLEY_DATA</c> sets <see cref="Folder"/>.</summary>
public sealed class DatabaseOptions
{
    /// <summary>The one folder that holds everything: the database, the signing keys. Default <c>data</c>, in the folder that the server is started in.</summary>
    [Required]
    public string Folder { get; set; } = "data";

    /// <summary>
    /// What a commit survives. <c>Process</c> (default): the end of the process, however it ends. <c>Power</c>: also the loss of power, at the cost of one fsync a commit.
    /// </summary>
    public Durability Durability { get; set; } = Durability.Process;

    /// <summary>Bytes of the journal after which it is copied into segments. Default 8 MiB.</summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int JournalBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Bytes of a generation's log after which they become a segment. Default 64 KiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int SegmentBytes { get; set; } = 64 * 1024;
}

/// <summary>What a commit survives.</summary>
public enum Durability
{
    /// <summary>The end of the process, a crash or a kill.</summary>
    Process,

    /// <summary>The loss of power too.</summary>
    Power,
}
