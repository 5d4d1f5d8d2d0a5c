namespace Parley.Bench;

/// <summary>A server to measure, and how it wants to be asked.</summary>
internal sealed record Peer(string Name, Uri ChatUrl, Func<string, string> Body)
{
    public const string Direct = "direct",
        Pipe = "pipe",
        AiSdk = "aisdk",
        Parley = "parley";

    /// <summary>The server itself.</summary>
    public int[] Pids { get; init; } = [];

    /// <summary>Databases that it cannot do without, on an account of their own.</summary>
    public int[] SidePids { get; init; } = [];

    /// <summary>Where followers join; null: nobody can.</summary>
    public string? FollowPath { get; init; }

    public string IdHeader { get; init; } = "";

    /// <summary>Streams to warm it up with.</summary>
    public int WarmUp { get; init; } = 200;
}
