namespace Parley.Bench;

/// <summary>Starts everything, measures every row of every peer in turn, so many times, and tells the worst.</summary>
internal static class RunCommand
{
    private const string WarmUpModel = "mock-n50-d10";
    private const int WarmUpTokens = 50,
        WarmUpRounds = 6;

    // Short answers, many of them: a server that has begun some thousands runs its compiled code, which is what is to be measured.
    private const string StartsModel = "mock-n4-d5";
    private const int StartsTokens = 4,
        StartsRounds = 40;

    public static async Task<int> RunAsync(CommandLine line)
    {
        var options = RunOptions.From(line);
        line.RefuseTheRest();
        Clock.Require();
        if (options.Wants(Peer.Parley) && options.Server is null)
        {
            throw new ArgumentException("--server FOLDER is missing: the folder that Parley was published to.");
        }

        using var stop = new StopSignal();
        try
        {
            return await MeasureAsync(options, stop.Token);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            Tell("Stopped.");
            return 130;
        }
    }

    private static async Task<int> MeasureAsync(RunOptions options, CancellationToken cancel)
    {
        Row[] rows =
        [
            .. new Row[]
            {
                new StreamsRow("cpu500", 500, 1.5, options),
                new StreamsRow("cpu1000", 1000, 1.25, options),
                new FirstTokenRow(options.FirstDelay),
                new IdleRow(),
                new FollowersRow(),
                new OpenRow(),
                new StartRow(),
                new FormatsRow(),
            }.Where(row => options.Rows.Contains(row.Name)),
        ];
        var measurements = new Measurements();
        double busy;
        await using (var workspace = new Workspace(options.Data))
        {
            var loader = new Loader(Tell, cancel);
            var peers = await StartAsync(workspace, options, rows, cancel);
            await WarmUpAsync(peers, loader);
            busy = await Quiet.BusyCoresAsync(cancel);
            for (var run = 1; run <= options.Runs; run++)
            {
                foreach (var row in rows)
                {
                    Tell($"Run {run}: {row.Title}");
                    await row.MeasureAsync(new RowContext(run, Turned(peers, run), loader, measurements, options, cancel));
                }
            }
        }
        var report = new Report(rows, measurements, options, busy);
        Console.WriteLine(report.Markdown());
        await report.WriteJsonAsync(cancel);
        Tell($"All numbers: {options.Json}");
        if (busy > Quiet.Tolerable)
        {
            Tell("The machine was not quiet: measure again.");
        }

        if (!report.IsWhole)
        {
            Tell("Some answers were not whole: the numbers are worth nothing until that is understood.");
        }

        return !report.IsWhole ? 2
            : options.Check && !report.MeetsAll ? 1
            : 0;
    }

    private static async Task<List<Peer>> StartAsync(
        Workspace workspace,
        RunOptions options,
        IEnumerable<Row> rows,
        CancellationToken cancel
    )
    {
        var servers = new Servers(workspace, cancel);
        List<Peer> peers =
        [
            await servers.StartProviderAsync(
                rows.SelectMany(row => row.Models).Append(WarmUpModel).Append(StartsModel).Distinct(),
                options.TickMicroseconds
            ),
        ];
        if (options.Wants(Peer.Pipe))
        {
            peers.Add(await servers.StartPipeAsync());
        }

        if (options.Wants(Peer.AiSdk) && await servers.StartAiSdkAsync(Tell) is { } aiSdk)
        {
            peers.Add(aiSdk);
        }

        if (options.Wants(Peer.Parley))
        {
            peers.Add(await servers.StartParleyAsync(options.Server!));
        }

        return peers;
    }

    private static async Task WarmUpAsync(IEnumerable<Peer> peers, Loader loader)
    {
        Tell("Warming up");
        foreach (var peer in peers)
        {
            if (peer.Name != Peer.AiSdk)
            {
                await loader.RunAsync(peer, StartsModel, StartsTokens, ("--streams", peer.WarmUp), ("--rounds", StartsRounds));
            }

            await loader.RunAsync(
                peer,
                WarmUpModel,
                WarmUpTokens,
                ("--streams", peer.WarmUp),
                ("--rounds", peer.Name == Peer.AiSdk ? 2 : WarmUpRounds)
            );
            if (peer.FollowPath is not null)
            {
                await loader.RunAsync(peer, WarmUpModel, WarmUpTokens, ("--follow", peer.WarmUp), ("--ramp", 300));
            }
        }
    }

    // no peer is always the one that finds the machine as another left it
    private static List<Peer> Turned(List<Peer> peers, int run) =>
        [.. Enumerable.Range(0, peers.Count).Select(i => peers[(i + run - 1) % peers.Count])];

    private static void Tell(string text) => Console.Error.WriteLine(text);
}
