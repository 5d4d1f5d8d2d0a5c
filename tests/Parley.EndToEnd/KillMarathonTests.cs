using System.Diagnostics;
using System.Globalization;
using Parley.Testing.Postgres;

namespace Parley.EndToEnd;

/// <summary>
/// The server is killed with SIGKILL at random moments while 50 answers are written and followed. Nothing that anyone was shown is lost or
/// shown twice, every answer ends exactly once, and the database stays sound. <c>PARLEY_MARATHON_ROUNDS</c> and <c>PARLEY_MARATHON_SEED</c>
/// choose another run. With PostgreSQL each round waits until the lease of the killed process has expired and its generations are adopted.
/// </summary>
public class KillMarathonTests(ITestOutputHelper output) : ServerTests
{
    private const int Live = 50,
        MaxAdoptions = 8;

    /// <summary>
    /// For how long a process that is loaded runs at most until it is killed, in milliseconds. With PostgreSQL longer: answers also rest
    /// until they are adopted.
    /// </summary>
    private const int MaxRun = 800,
        MaxRunOnPostgres = 2500;

    private static readonly TimeSpan AdoptionLimit = TimeSpan.FromSeconds(60),
        SlowStart = TimeSpan.FromSeconds(10);

    private PostgresCluster? _cluster;

    [Fact]
    public Task Sqlite_ServerKilledAgainAndAgainUnderLoad_KeepsEveryPromise() =>
        RunAsync(6, MaxRun, [], static server => new DatabaseCheck(server.DatabaseFile), static () => Task.CompletedTask);

    [Fact]
    public async Task Postgres_ServerKilledAgainAndAgainUnderLoad_KeepsEveryPromise()
    {
        var cluster = _cluster = await PostgresCluster.StartAsync();
        var connectionString = cluster.ConnectionString();
        await RunAsync(
            4,
            MaxRunOnPostgres,
            new Dictionary<string, string> { ["DATABASE_URL"] = connectionString, ["Generations__Lease"] = "00:00:02" },
            _ => DatabaseCheck.OfPostgres(connectionString),
            WhenAdoptedAsync
        );

        Task WhenAdoptedAsync() => UntilAsync("the generations of the killed process are adopted", AdoptionLimit, () =>
            {
                using var check = DatabaseCheck.OfPostgres(connectionString);
                return Task.FromResult(
                    check.Count("nodes") == 1
                        && check.Count("generations WHERE status = 'running' AND node_id NOT IN (SELECT id FROM nodes)") == 0
                );
            });
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    private async Task RunAsync(
        int defaultRounds,
        int maxRun,
        Dictionary<string, string> database,
        Func<ServerProcess, DatabaseCheck> openCheck,
        Func<Task> whenAdopted
    )
    {
        var rounds = Setting("PARLEY_MARATHON_ROUNDS", defaultRounds);
        var seed = Setting("PARLEY_MARATHON_SEED", Random.Shared.Next(1, 1_000_000));
        output.WriteLine($"{rounds} rounds, seed {seed}");
        var began = Stopwatch.GetTimestamp();
        var server = await StartServerAsync(
            new Dictionary<string, string>(database)
            {
                ["Generations__MaxAdoptions"] = MaxAdoptions.ToString(CultureInfo.InvariantCulture),
                // Small, so that journals are emptied and segments written all the time.
                ["Database__JournalBytes"] = "65536",
                ["Database__SegmentBytes"] = "2048",
                ["Logging__LogLevel__Parley.Streaming.Generations.GenerationReaper"] = "Warning",
            }
        );
        using var client = new ApiClient(server.Address);
        await client.SignInAsync(Token);
        using var marathon = new KillMarathon(server, () => openCheck(server), client, seed, Live, MaxAdoptions);
        await marathon.PrepareAsync(Token);
        var running = marathon.RunAsync();
        var moments = new Random(seed);
        List<double> starts = [];
        var round = 0;
        for (; round < rounds && marathon.Violations.Count == 0; round++)
        {
            await marathon.WhenLoadedAsync(Token);
            await Task.Delay(TimeSpan.FromMilliseconds(moments.Next(50, maxRun)), TimeProvider.System, Token);
            await server.KillAsync();
            marathon.CheckDatabase();
            switch (moments.Next(6))
            {
                case 0: // again, in the middle of the start
                    server.Launch();
                    await Task.Delay(TimeSpan.FromMilliseconds(moments.Next(20, 1000)), TimeProvider.System, Token);
                    await server.KillAsync();
                    marathon.CheckDatabase();
                    break;
                case 1: // again, as soon as it is there
                    await server.StartAsync(Token);
                    await Task.Delay(TimeSpan.FromMilliseconds(moments.Next(0, 30)), TimeProvider.System, Token);
                    await server.KillAsync();
                    marathon.CheckDatabase();
                    break;
            }

            var start = Stopwatch.GetTimestamp();
            await server.StartAsync(Token);
            starts.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (starts[^1] > SlowStart.TotalMilliseconds)
            {
                output.WriteLine($"round {round + 1}: ready after {starts[^1]:f0} ms\n{server.Log}");
            }

            await whenAdopted();
            if ((round + 1) % 5 == 0)
            {
                output.WriteLine($"round {round + 1}, {Stopwatch.GetElapsedTime(began).TotalSeconds:f0} s: {marathon.Summary}");
            }
        }

        await marathon.DrainAsync(TimeSpan.FromSeconds(60));
        await running;
        await marathon.CheckFinishedAgainAsync(Token);
        await server.KillAsync();
        await server.StartAsync(Token);
        await whenAdopted();
        await marathon.CheckFinishedAgainAsync(Token);
        await server.KillAsync();
        marathon.CheckDatabase();
        using (var check = openCheck(server))
        {
            Assert.Equal(0, check.Count("generation_segments"));
            Assert.Equal(0, check.Count("generation_journal"));
            Assert.Equal(0, check.Count("generations WHERE status = 'running'"));
        }

        starts.Sort();
        output.WriteLine(
            $"{round} rounds, {server.Cuts} kills, {Stopwatch.GetElapsedTime(began).TotalSeconds:f0} s; {marathon.Summary}; ready after {starts[starts.Count / 2]:f0} ms (median), {starts[^1]:f0} ms (slowest)"
        );
        Assert.True(marathon.Violations.Count == 0, $"seed {seed}:\n{string.Join("\n", marathon.Violations.Take(20))}");
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
