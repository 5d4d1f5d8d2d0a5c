using System.ComponentModel.DataAnnotations;

namespace Parley.Server.Data;

/// <summary>
/// Where data is kept. Section <c>Database</c> of the configuration; <c>PARLEY_DATA</c> sets <see cref="Folder"/>, <c>DATABASE_URL</c> sets
/// <see cref="ConnectionString"/>.
/// </summary>
public sealed class DatabaseOptions
{
    /// <summary>
    /// The one folder that holds the signing keys and, with SQLite, the database. Default <c>data</c>, in the folder that the server is
    /// started in.
    /// </summary>
    [Required]
    public string Folder { get; set; } = "data";

    /// <summary>
    /// PostgreSQL: <c>postgres://user:password@host:port/database?sslmode=require</c>, or Npgsql's own form
    /// <c>Host=…;Database=…;Username=…;Password=…</c>. Default none: SQLite in <see cref="Folder"/>. A path also means SQLite, in that
    /// folder.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// SQLite: what a commit survives. <c>Process</c> (default): the end of the process, however it ends. <c>Power</c>: also the loss of
    /// power, at the cost of one fsync a commit. With PostgreSQL its own settings decide.
    /// </summary>
    public Durability Durability { get; set; } = Durability.Process;

    /// <summary>Bytes of the journal after which it is copied into segments. Default 8 MiB.</summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int JournalBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Bytes of a generation's log after which they become a segment. Default 64 KiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int SegmentBytes { get; set; } = 64 * 1024;

    /// <summary>
    /// PostgreSQL: the connection goes through PgBouncer in transaction mode, so nothing may be prepared. Default: recognised by
    /// <c>pgbouncer=true</c> in the URL, or <c>No Reset On Close=true</c> without <c>Max Auto Prepare</c> in Npgsql's form.
    /// </summary>
    public bool? PgBouncer { get; set; }

    /// <summary>
    /// PostgreSQL: connections that this process opens at most. Four of them are for logs and leases alone. Default 40. All processes
    /// together must stay below <c>max_connections</c> of the server.
    /// </summary>
    [Range(6, 1000)]
    public int MaxConnections { get; set; } = 40;

    /// <summary>
    /// PostgreSQL: how long a connection may take to be opened, or to become free when all are in use. Default 5 seconds. Beyond it a
    /// request is refused with 503.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// PostgreSQL: how long a statement may take. Default 30 seconds. Beyond it the connection is given up and the request is refused with
    /// 503.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// PostgreSQL: how long the server waits at its start for the database to be reachable. Default 1 minute. Beyond it the server ends
    /// with an error.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>What a commit survives.</summary>
public enum Durability
{
    /// <summary>The end of the process, a crash or a kill.</summary>
    Process,

    /// <summary>The loss of power too.</summary>
    Power,
}
