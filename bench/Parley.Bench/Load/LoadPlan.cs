namespace Parley.Bench;

/// <summary>What a load run does. <c>{i}</c> in the path, a header or the body is the number of the request.</summary>
internal sealed record LoadPlan
{
    public required Uri Url { get; init; }

    /// <summary>Sent with POST; null asks with GET.</summary>
    public string? Body { get; init; }

    public IReadOnlyList<string> Headers { get; init; } = [];

    public int Streams { get; init; } = 1;

    /// <summary>Requests that each stream makes one after the other.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Over how long the streams begin; 0 is all at once.</summary>
    public long Ramp { get; init; }

    /// <summary>Opens all connections before the first request, so that all requests go out in one burst.</summary>
    public bool ConnectFirst { get; init; }

    /// <summary>Rest of a stream between two rounds.</summary>
    public long Pause { get; init; }

    /// <summary>Tokens that each answer must have, in order; 0 takes what comes.</summary>
    public int Expect { get; init; }

    public long Timeout { get; init; } = 120 * Clock.Second;

    /// <summary>The server measured: its CPU and memory.</summary>
    public int[] Pids { get; init; } = [];

    /// <summary>What the server cannot do without (databases): CPU only, on its own account.</summary>
    public int[] SidePids { get; init; } = [];

    /// <summary>Readers that join the first stream's answer as soon as its head is here.</summary>
    public int Followers { get; init; }

    /// <summary>Where they join: <c>{id}</c> is the answer's id.</summary>
    public string FollowPath { get; init; } = "/api/v1/generations/{id}/events";

    /// <summary>The header of the first stream's answer that tells that id.</summary>
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
            Expect = line.Number("--expect", 0),
            Timeout = line.Number("--timeout", 120) * Clock.Second,
            Pids = Numbers(line.List("--pid")),
            SidePids = Numbers(line.List("--side-pid")),
            Followers = line.Number("--follow", 0),
            FollowPath = line.Text("--follow-path") ?? "/api/v1/generations/{id}/events",
            IdHeader = line.Text("--id-header") ?? "X-Generation-Id",
        };

    private static int[] Numbers(string[] texts) =>
        [.. texts.Select(text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture))];
}
