namespace Parley.Bench;

/// <summary>What <c>run</c> was asked for.</summary>
internal sealed record RunOptions(
    string? Server,
    IReadOnlyList<string> Rows,
    IReadOnlyList<string> Peers,
    int Runs,
    int Tokens,
    int Rounds,
    bool InStep,
    int TickMicroseconds,
    int FirstDelay,
    string? Data,
    string Json,
    bool Check
)
{
    public static readonly string[] AllRows = ["cpu500", "cpu1000", "first500", "idle", "followers", "open", "start", "formats"];
    public static readonly string[] AllPeers = [Peer.Pipe, Peer.AiSdk, Peer.Parley];

    public static RunOptions From(CommandLine line)
    {
        var server = line.Text("--server");
        return new RunOptions(
            server,
            Chosen(line, "--rows", AllRows),
            Chosen(line, "--peers", server is null ? [Peer.Pipe, Peer.AiSdk] : AllPeers),
            line.Number("--runs", 3),
            line.Number("--tokens", 100),
            line.Number("--rounds", 2),
            line.Flag("--in-step"),
            line.Number("--tick-us", 1000),
            line.Number("--first-delay", 20),
            line.Text("--data"),
            line.Text("--json") ?? Path.Combine("artifacts", "bench.json"),
            line.Flag("--check")
        );
    }

    public bool Wants(string peer) => Peers.Contains(peer);

    private static string[] Chosen(CommandLine line, string name, string[] all)
    {
        var chosen = line.List(name);
        if (chosen.Except(name == "--rows" ? AllRows : AllPeers).FirstOrDefault() is { } unknown)
        {
            throw new ArgumentException($"{name}: there is no \"{unknown}\".");
        }

        return chosen.Length > 0 ? chosen : all;
    }
}
