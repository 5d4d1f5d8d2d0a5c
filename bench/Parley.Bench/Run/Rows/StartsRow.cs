using System.Text;

namespace Parley.Bench;

/// <summary>
/// Responses of one token: the server's CPU per response. It is measured with 50 streams that each send the next request when a response
/// has ended, so that both cores are busy, and at a constant rate, where the threads of an idle server are woken up for each response. Each
/// request has a connection and an anonymous user of its own; one more measurement sends all requests as one user.
/// </summary>
internal sealed class StartsRow(string name, RunOptions options) : BenchmarkRow(name, "CPU per start: responses of one token")
{
    private const string Model = "mock-n1";
    private const int Tokens = 1;
    private const int Streams = 50;
    private const int Rounds = 200;
    private const int PacedSeconds = 20;
    private const double MaxRatio = 2.4;
    private const double MaxRatioToSqlite = 1.5;

    public override IReadOnlyList<Metric> Metrics =>
        [
            new("cpu", "CPU per start, µs", HasRatio: true),
            new("databaseCpu", "database CPU, µs"),
            new("oneUserCpu", "CPU, one user, µs"),
            new("pacedCpu", $"CPU at {options.StartsPerSecond}/s, µs", HasRatio: true),
            new("pacedDatabaseCpu", $"database CPU at {options.StartsPerSecond}/s, µs"),
            new("starts", "starts/s", HigherIsBetter: true),
            new("pacedFirst50", $"first token p50 at {options.StartsPerSecond}/s, ms"),
            RowContext.Complete,
        ];

    public override IReadOnlyList<Goal> Goals =>
        [
            new("cpu", "CPU per start", MaxRatio, RatioToPipe, Baseline: Target.Pipe),
            new("cpu", "CPU per start, PostgreSQL", MaxRatioToSqlite, RatioToSqlite, Target.ParleyPostgres, Target.Parley),
        ];

    public override IEnumerable<string> Models => [Model];

    public override async Task MeasureAsync(RowContext context)
    {
        // the AI SDK cannot start this many
        foreach (var target in context.Targets.Where(target => target.Name != Target.AiSdk))
        {
            var paced = await RunPacedAsync(context, target);

            // not measured: the code that starts a response is fully optimized only after some tens of thousands of starts
            await RunSaturatedAsync(context, target);
            var saturated = await RunSaturatedAsync(context, target);
            context.Add(this, target.Name, "cpu", PerStart(saturated.ServerCpuSeconds, saturated));
            context.Add(this, target.Name, "pacedCpu", PerStart(paced.ServerCpuSeconds, paced));
            context.Add(this, target.Name, "starts", Math.Round(saturated.Requests / saturated.Seconds));
            context.Add(this, target.Name, "pacedFirst50", paced.FirstToken.P50);
            context.AddComplete(this, target.Name, saturated);
            if (target.DatabasePids.Length > 0)
            {
                context.Add(this, target.Name, "databaseCpu", PerStart(saturated.DatabaseCpuSeconds, saturated));
                context.Add(this, target.Name, "pacedDatabaseCpu", PerStart(paced.DatabaseCpuSeconds, paced));
            }

            if (target.IsParley)
            {
                var cookie = await CreateUserAsync(target, context.CancellationToken);
                var oneUser = await RunSaturatedAsync(context, target with { Headers = ["Cookie: " + cookie] });
                context.Add(this, target.Name, "oneUserCpu", PerStart(oneUser.ServerCpuSeconds, oneUser));
            }
        }
    }

    private static double PerStart(double seconds, LoadResult result) => Math.Round(seconds * 1e6 / result.Requests, 1);

    /// <summary>Sends a request without a cookie and returns the cookie of the response.</summary>
    private static async Task<string> CreateUserAsync(Target target, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        using var body = new StringContent(target.Body(Model), Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(target.ChatUrl, body, cancellationToken);
        response.EnsureSuccessStatusCode();
        await response.Content.ReadAsStringAsync(cancellationToken);
        return response.Headers.GetValues("Set-Cookie").First().Split(';')[0];
    }

    private Task<LoadResult> RunPacedAsync(RowContext context, Target target) =>
        context.Generator.RunAsync(
            target,
            Model,
            Tokens,
            ("--streams", options.StartsPerSecond * PacedSeconds),
            ("--ramp", PacedSeconds * 1000)
        );

    private static Task<LoadResult> RunSaturatedAsync(RowContext context, Target target) =>
        context.Generator.RunAsync(target, Model, Tokens, ("--streams", Streams), ("--rounds", Rounds));
}
