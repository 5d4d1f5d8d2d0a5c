using System.Globalization;

namespace Parley.Bench;

/// <summary>The parameters of a load run. <c>{i}</c> in the path, a header or the body is replaced by the number of the request.</summary>
internal sealed record LoadPlan
{
    public required Uri Url { get; init; }

    /// <summary>Sent with POST; null sends GET.</summary>
    public string? Body { get; init; }

    public IReadOnlyList<string> Headers { get; init; } = [];

    public int Streams { get; init; } = 1;

    /// <summary>Number of sequential requests of each stream.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Nanoseconds over which the starts of the streams, or of the followers, are spread; 0 starts all at once.</summary>
    public long Ramp { get; init; }

    /// <summary>Opens all connections before the first request, so that all requests are sent in one burst.</summary>
    public bool ConnectFirst { get; init; }

    /// <summary>Nanoseconds between two rounds of a stream.</summary>
    public long Pause { get; init; }

    /// <summary>Number of tokens that each response must have, in order; 0 accepts any number.</summary>
    public int ExpectedTokens { get; init; }

    /// <summary>Nanoseconds after which the run ends and the open streams count as failed.</summary>
    public long Timeout { get; init; } = 120 * Clock.Second;

    /// <summary>Processes whose CPU and memory are reported as the server's.</summary>
    public int[] ServerPids { get; init; } = [];

    /// <summary>Processes whose CPU is reported as the databases'.</summary>
    public int[] DatabasePids { get; init; } = [];

    /// <summary>Number of readers that join the response of the first stream when its head has arrived.</summary>
    public int Followers { get; init; }

    /// <summary>Path that followers request; <c>{id}</c> is replaced by the value of <see cref="IdHeader"/>.</summary>
    public string FollowPath { get; init; } = "/api/v1/generations/{id}/events";

    /// <summary>Response header with the id that followers need.</summary>
    public string IdHeader { get; init; } = "X-Generation-Id";

    public static LoadPlan From(CommandLine line) =>
        new()
        {
            Url = new Uri(line.Required("--url")),
            Body = line.Text("--body"),
            Headers = line.All("--header"),
            Streams = line.Number("--streams", 1),
            Rounds = line.Number("--rounds", 1),
            Ramp = line.Number("--ramp", 0) * Clock.Millisecond,
            ConnectFirst = line.Flag("--connect-first"),
            Pause = line.Number("--pause", 0) * Clock.Millisecond,
            ExpectedTokens = line.Number("--expect", 0),
            Timeout = line.Number("--timeout", 120) * Clock.Second,
            ServerPids = Pids(line, "--pid"),
            DatabasePids = Pids(line, "--database-pid"),
            Followers = line.Number("--follow", 0),
            FollowPath = line.Text("--follow-path") ?? "/api/v1/generations/{id}/events",
            IdHeader = line.Text("--id-header") ?? "X-Generation-Id",
        };

    private static int[] Pids(CommandLine line, string option) =>
        [.. line.List(option).Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
}
