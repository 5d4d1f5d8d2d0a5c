using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Npgsql;
using Parley.Testing.Postgres;

namespace Parley.EndToEnd;

/// <summary>
/// PostgreSQL crashes, loses connections, fills its disk or loses replies, and servers that share it die, while answers are followed in
/// several wire formats. Nothing that was shown is lost or changed, each answer is completed once, and requests are refused with 503 and
/// <c>Retry-After</c> while the database is away. <c>PARLEY_FAULT_SECONDS</c> sets how long connections are terminated; the database is
/// away for a third of it.
/// </summary>
public class PostgresFaultTests(ITestOutputHelper output) : ServerTests
{
    private const int MaxTokens = 2000;

    private static readonly int FaultSeconds = int.TryParse(
        Environment.GetEnvironmentVariable("PARLEY_FAULT_SECONDS"),
        CultureInfo.InvariantCulture,
        out var chosen
    )
        ? chosen
        : 60;

    /// <summary>For anything that takes a few seconds on an idle machine.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly List<IAsyncDisposable> _resources = [];
    private readonly List<Answer> _answers = [];
    private ScriptedText? _expected;
    private Func<ApiClient>? _client;

    private ApiClient Client => _client!();

    [Fact]
    public async Task Crash_InMidAnswer_AnswersWaitForTheDatabaseAndContinue()
    {
        var cluster = Keep(await PostgresCluster.StartAsync(isDurable: true));
        await BeginAsync(
            await StartServerAsync(Settings(cluster.ConnectionString())),
            answers: 3,
            tokens: 120 + (FaultSeconds * 5),
            delay: 75
        );

        await cluster.StopServerAsync("immediate");
        var stopped = Stopwatch.GetTimestamp();
        await MustBeRefusedAsync("away");
        var shown = Lengths();
        while (Stopwatch.GetElapsedTime(stopped) < TimeSpan.FromSeconds(FaultSeconds / 3))
        {
            await MustBeRefusedAsync("away");
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, Token);
        }

        Assert.Equal(shown, Lengths());
        await cluster.StartServerAsync();

        await WhenServedAsync("away");
        await EndAsync(cluster, maxSeams: 0);
    }

    [Fact]
    public async Task Connections_TerminatedEachSecond_AnswersContinue()
    {
        var cluster = Keep(await PostgresCluster.StartAsync());
        await BeginAsync(await StartServerAsync(Settings(cluster.ConnectionString())), answers: 3, tokens: FaultSeconds * 20, delay: 60);
        int terminated = 0,
            served = 0,
            refused = 0;

        for (var second = 0; second < FaultSeconds; second++)
        {
            terminated += await TerminateAsync(cluster);
            foreach (var isServed in new[] { await IsServedAsync("/api/v1/conversations"), await IsServedAsync($"terminated-{second}", 3) })
            {
                served += isServed ? 1 : 0;
                refused += isServed ? 0 : 1;
            }

            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, Token);
        }

        output.WriteLine($"{terminated} connections terminated in {FaultSeconds} s; {served} requests served, {refused} refused");
        Assert.True(terminated > FaultSeconds);
        await WhenServedAsync("terminated-0");
        await EndAsync(cluster, maxSeams: 0);
    }

    [Fact]
    public async Task Disk_Full_CommitsWaitUntilThereIsSpaceAgain()
    {
        var mount = Directory.CreateTempSubdirectory("parley-disk-").FullName;
        try
        {
            await RunAsync("mount", "-t", "tmpfs", "-o", "size=160m,mode=755", "tmpfs", mount);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            Directory.Delete(mount);
            Assert.Skip($"A small disk cannot be mounted, which needs root: {exception.Message}");
        }

        Keep(new Mount(mount));
        var cluster = Keep(await PostgresCluster.StartAsync("-c max_wal_size=32MB -c min_wal_size=32MB", isDurable: true, parent: mount));
        await BeginAsync(await StartServerAsync(Settings(cluster.ConnectionString())), answers: 3, tokens: 600, delay: 50);

        var filler = Path.Combine(mount, "filler");
        Fill(filler);
        var question = 0;
        var text = new string('x', 16_000);
        await UntilAsync("a question is refused because the disk is full", Limit, async () =>
            !await IsServedAsync($"{text}-{question++}", 3)
        );
        var running = await cluster.IsRunningAsync();
        File.Delete(filler);
        await UntilAsync("PostgreSQL has either recovered or ended", Limit, async () =>
            !await cluster.IsRunningAsync() || await AnswersAsync(cluster)
        );
        if (!await cluster.IsRunningAsync())
        {
            await cluster.StartServerAsync();
        }

        output.WriteLine($"Refused after {question} questions; PostgreSQL was {(running ? "running" : "down")} then.");
        await WhenServedAsync($"{text}-{question - 1}");
        await EndAsync(cluster, maxSeams: 0);
    }

    [Fact]
    public async Task Replies_Lost_CommitsCountOnce()
    {
        const int cuts = 40;
        var cluster = Keep(await PostgresCluster.StartAsync());
        var proxy = Keep(new PostgresProxy(cluster));
        await BeginAsync(await StartServerAsync(Settings(proxy.ConnectionString("postgres"))), answers: 3, tokens: 600, delay: 30);
        var moments = new Random(23);
        int served = 0,
            refused = 0;

        for (var cut = 0; cut < cuts; cut++)
        {
            var before = proxy.Cuts;
            if (cut % 4 == 3)
            {
                proxy.LoseRequest(moments.Next(1, 8));
            }
            else
            {
                proxy.LoseReply(moments.Next(1, 8));
            }

            var isServed = await IsServedAsync($"lost-{cut}", 3);
            served += isServed ? 1 : 0;
            refused += isServed ? 0 : 1;
            await UntilAsync("a reply is lost", Limit, async () =>
                proxy.Cuts > before || await IsServedAsync("/api/v1/conversations") && proxy.Cuts > before
            );
        }

        output.WriteLine($"{proxy.Cuts} connections cut in mid-request; {served} questions served, {refused} refused");
        for (var cut = 0; cut < cuts; cut++)
        {
            await WhenServedAsync($"lost-{cut}");
        }

        await EndAsync(cluster, maxSeams: 0);
    }

    [Fact]
    public async Task Server_KilledInMidAnswer_TheOtherServerContinuesAfterTheLease()
    {
        var cluster = Keep(await PostgresCluster.StartAsync());
        var settings = Settings(cluster.ConnectionString());
        settings["Generations__Lease"] = "00:00:04";
        var first = await StartServerAsync(settings);
        var second = NewServer(settings, first.Folder);
        await second.StartAsync(Token);
        await BeginAsync(first, answers: 3, tokens: 400, delay: 60);
        var other = Keep(new ApiClient(second.Address, Client.Cookies));
        foreach (var answer in _answers)
        {
            // This one reads what another process writes.
            answer.Follow(new ShownEvents(), () => other, Token);
        }

        await UntilAsync("followers of the other server have shown something", Limit, () =>
            Task.FromResult(Lengths().All(length => length > 0))
        );
        _client = () => other;
        await first.KillAsync();
        var killed = Stopwatch.GetTimestamp();
        var shown = _answers.Max(answer => answer.Followers.Max(follower => follower.Shown.Length));

        await UntilAsync("the other server continues the answers", Limit, () =>
            Task.FromResult(
                _answers.All(answer =>
                    answer.Followers.Where(follower => follower.Shown is ShownEvents).All(follower => follower.Shown.Length > shown)
                )
            )
        );
        output.WriteLine($"Continued {Stopwatch.GetElapsedTime(killed).TotalSeconds:f1} s after the kill.");
        await WhenServedAsync("after");
        await EndAsync(cluster, maxSeams: 1);
        Assert.All(_answers, answer => Assert.Equal(1, answer.Seams));
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
        foreach (var resource in _resources.AsEnumerable().Reverse())
        {
            await resource.DisposeAsync();
        }
    }

    private static Dictionary<string, string> Settings(string connectionString) => new() { ["DATABASE_URL"] = connectionString };

    private T Keep<T>(T resource)
    {
        _resources.Add(resource as IAsyncDisposable ?? new Disposer((IDisposable)(object)resource!));
        return resource;
    }

    /// <summary>Starts answers, each followed in several formats, and waits until every follower has shown some of it.</summary>
    private async Task BeginAsync(ServerProcess server, int answers, int tokens, int delay)
    {
        var client = Keep(new ApiClient(server.Address));
        _client = () => client;
        await client.SignInAsync(Token);
        _expected = await ScriptedText.LearnAsync(client, MaxTokens, Token);
        for (var number = 0; number < answers; number++)
        {
            var script = new ScriptedAnswer($"answer-{number}", tokens, delay, 5, null);
            using var response = await client.AskAsync(script.Prompt, script.Tag, Token);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var answer = new Answer(response.Headers.GetValues("X-Generation-Id").Single(), script);
            _answers.Add(answer);
            foreach (var shown in (ShownAnswer[])[new ShownEvents(), new ShownTokens(), new ShownChunks(), new ShownRawText()])
            {
                answer.Follow(shown, () => Client, Token);
            }
        }

        await UntilAsync("all followers have shown text", Limit, () => Task.FromResult(Lengths().All(length => length > 200)));
        foreach (var answer in _answers)
        {
            answer.Follow(new ShownEvents(answer.Followers[0].Shown.Length), () => Client, Token);
        }
    }

    private long[] Lengths() => [.. _answers.SelectMany(answer => answer.Followers).Select(follower => follower.Shown.Length)];

    /// <summary>Waits for the end of all answers, and compares what was shown with what is stored.</summary>
    private async Task EndAsync(PostgresCluster cluster, int maxSeams)
    {
        await Task.WhenAll(_answers.Select(answer => answer.WhenEndedAsync())).WaitAsync(TimeSpan.FromMinutes(3), Token);
        foreach (var answer in _answers)
        {
            var whole = await Client.ReadWholeAsync(answer.GenerationId, Token);
            Assert.Contains("\"done\"", whole.Terminal, StringComparison.Ordinal);
            Assert.Equal(_expected!.Text(answer.Script.Tokens), whole.Text);
            Assert.Equal(_expected.Reasoning(answer.Script.Reasoning), whole.Reasoning);
            foreach (var follower in answer.Followers)
            {
                follower.Shown.MustEqual(whole);
            }

            answer.Seams = whole.Seams;
            Assert.InRange(whole.Seams, 0, maxSeams);
            var generation = await Client.GetAsync($"/api/v1/generations/{answer.GenerationId}", Token);
            var message = await Client.GetAsync($"/api/v1/messages/{generation.GetProperty("messageId").GetString()}", Token);
            Assert.Equal("completed", message.GetProperty("status").GetString());
            Assert.Equal(whole.Text, message.GetProperty("content").GetString());
        }

        var followers = _answers.SelectMany(answer => answer.Followers).ToList();
        output.WriteLine(
            $"{followers.Count} followers: {followers.Sum(follower => follower.Cuts)} connections cut, {followers.Sum(follower => follower.Refusals)} refused"
        );
        using var check = DatabaseCheck.OfPostgres(cluster.ConnectionString());
        await UntilAsync("no generation runs any more", Limit, () =>
            Task.FromResult(check.Count("generations WHERE status = 'running'") == 0)
        );
        check.MustBeSound();
        Assert.Equal(0, check.Count("generation_segments"));
    }

    private async Task MustBeRefusedAsync(string question)
    {
        Assert.False(await IsServedAsync("/api/v1/conversations"), "a list was served without a database");
        Assert.False(await IsServedAsync(question, 3), "a question was served without a database");
    }

    private Task WhenServedAsync(string question) => UntilAsync("requests are served again", Limit, () => IsServedAsync(question, 3));

    private async Task<bool> IsServedAsync(string path) => await IsServedAsync(await Client.SendGetAsync(path, Bounded()));

    /// <summary>Asks, under a key of its own, so that asking again starts nothing twice.</summary>
    private async Task<bool> IsServedAsync(string question, int tokens) =>
        await IsServedAsync(
            await Client.AskAsync(
                $"{question} #script tokens={tokens} delay=0",
                question.Length < 200 ? question : question[^20..],
                Bounded()
            )
        );

    /// <summary>False: it was refused as it should be while the database is away. Anything but that and success is a failure.</summary>
    private static async Task<bool> IsServedAsync(HttpResponseMessage received)
    {
        using var response = received;
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return true;
        }

        var body = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.StatusCode == HttpStatusCode.ServiceUnavailable, $"{(int)response.StatusCode}: {body}");
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Contains("storage_unavailable", body, StringComparison.Ordinal);
        return false;
    }

    private static CancellationToken Bounded()
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        source.CancelAfter(Limit);
        return source.Token;
    }

    private static async Task<int> TerminateAsync(PostgresCluster cluster)
    {
        await using var connection = new NpgsqlConnection(cluster.ConnectionString() + ";Pooling=false");
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
            connection
        );
        return (int)(long)(await command.ExecuteScalarAsync(Token))!;
    }

    private static async Task<bool> AnswersAsync(PostgresCluster cluster)
    {
        try
        {
            await using var connection = new NpgsqlConnection(cluster.ConnectionString() + ";Pooling=false");
            await connection.OpenAsync(Token);
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static void Fill(string file)
    {
        var block = new byte[64 * 1024];
        try
        {
            using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
            {
                stream.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var errors = await process.StandardError.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(errors.Trim());
        }
    }

    private sealed class Answer(string generationId, ScriptedAnswer script)
    {
        private readonly List<Task> _following = [];

        public string GenerationId => generationId;

        public ScriptedAnswer Script => script;

        public List<AnswerFollower> Followers { get; } = [];

        public int Seams { get; set; }

        public void Follow(ShownAnswer shown, Func<ApiClient> client, CancellationToken cancellationToken)
        {
            var follower = new AnswerFollower(generationId, shown, client);
            Followers.Add(follower);
            _following.Add(follower.FollowAsync(cancellationToken));
        }

        public Task WhenEndedAsync() => Task.WhenAll(_following);
    }

    private sealed class Mount(string folder) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            using var process = Process.Start("umount", ["-l", folder]);
            await process.WaitForExitAsync();
            Directory.Delete(folder);
        }
    }

    private sealed class Disposer(IDisposable resource) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            resource.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
