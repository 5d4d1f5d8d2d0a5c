namespace Parley.Bench;

/// <summary>A server that is measured, and how responses are requested from it.</summary>
internal sealed record Target(string Name, Uri ChatUrl, Func<string, string> Body)
{
    /// <summary>The mock provider, without a server in between.</summary>
    public const string Direct = "direct";

    /// <summary>The .NET byte pipe, the baseline.</summary>
    public const string Pipe = "pipe";

    /// <summary>The AI SDK on Node with Redis and PostgreSQL.</summary>
    public const string AiSdk = "aisdk";

    /// <summary>Parley on SQLite.</summary>
    public const string Parley = "parley";

    /// <summary>Parley on PostgreSQL.</summary>
    public const string ParleyPostgres = "parley-postgres";

    public bool IsParley => Name is Parley or ParleyPostgres;

    /// <summary>The server's processes.</summary>
    public int[] Pids { get; init; } = [];

    /// <summary>Processes of its databases, whose CPU is reported separately.</summary>
    public int[] DatabasePids { get; init; } = [];

    /// <summary>Headers of each request.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>The path at which readers follow a response, with <c>{id}</c>; null if it has none.</summary>
    public string? FollowPath { get; init; }

    /// <summary>The response header with the id for <see cref="FollowPath"/>.</summary>
    public string IdHeader { get; init; } = "";
}
