using System.Globalization;

namespace Parley.Bench;

/// <summary>Starts the targets of a run, and the databases that they need.</summary>
internal sealed class TargetServers(Workspace workspace, RunOptions options, Action<string> log, CancellationToken cancellationToken)
{
    private string _upstream = "";
    private PostgresServer? _postgres;

    /// <summary>The version of Parley's PostgreSQL; null if it was not started.</summary>
    public string? PostgresVersion => _postgres?.Version;

    /// <summary>Starts the provider and all selected targets.</summary>
    /// <param name="models">Models that the provider lists.</param>
    public async Task<List<Target>> StartAllAsync(IEnumerable<string> models)
    {
        List<Target> targets = [await StartProviderAsync(models)];
        if (options.Includes(Target.Pipe))
        {
            targets.Add(await StartPipeAsync());
        }

        if (options.Includes(Target.AiSdk) && await TryStartAiSdkAsync() is { } aiSdk)
        {
            targets.Add(aiSdk);
        }

        if (!options.Includes(Target.Parley))
        {
            return targets;
        }

        foreach (var database in options.Databases)
        {
            targets.Add(await StartParleyAsync(database, workspace));
        }

        return targets;
    }

    /// <summary>Starts Parley with an empty database. Its process and data folder belong to the given workspace.</summary>
    public async Task<Target> StartParleyAsync(DatabaseKind database, Workspace owner)
    {
        var databaseUrl = await DatabaseUrlAsync(database);
        var server = StartParleyProcess(database, owner, databaseUrl);
        await ReadinessProbe.WaitAsync(server.Url("/health/ready"), server.Process, cancellationToken);
        if (databaseUrl is not null)
        {
            await PostgresServer.RequireTablesAsync(databaseUrl, cancellationToken);
        }

        return new Target(ParleyName(database), server.Url("/api/chat"), model => $$"""{"message":"hi {i}","model":"openai/{{model}}"}""")
        {
            Pids = [server.Process.Pid],
            DatabasePids = database == DatabaseKind.Postgres ? [_postgres!.Pid] : [],
            FollowPath = "/api/v1/generations/{id}/events",
            IdHeader = "X-Generation-Id",
        };
    }

    /// <summary>Measures the start of Parley with an empty database, and its memory at rest.</summary>
    public async Task<ColdStartResult> MeasureColdStartAsync(DatabaseKind database)
    {
        await using var owner = new Workspace(options.DataFolder);
        var databaseUrl = await DatabaseUrlAsync(database);
        return await ColdStartCommand.MeasureAsync(() => StartParleyProcess(database, owner, databaseUrl), cancellationToken);
    }

    public static string ParleyName(DatabaseKind database) => database == DatabaseKind.Postgres ? Target.ParleyPostgres : Target.Parley;

    private ParleyServer StartParleyProcess(DatabaseKind database, Workspace owner, string? databaseUrl) =>
        ParleyServer.Start(owner, options.ServerFolder!, _upstream, options.DurabilityOf(database), databaseUrl);

    private async Task<string?> DatabaseUrlAsync(DatabaseKind database)
    {
        if (database == DatabaseKind.Sqlite)
        {
            return null;
        }

        _postgres ??= await PostgresServer.StartAsync(workspace, options.DurabilityOf(database), cancellationToken);
        return await _postgres.CreateDatabaseAsync(cancellationToken);
    }

    private async Task<Target> StartProviderAsync(IEnumerable<string> models)
    {
        var port = Workspace.FreePort();
        _upstream = $"http://127.0.0.1:{port}/v1";
        var (file, arguments) = BenchExecutable.Command(
            "provider",
            "--port",
            Text(port),
            "--models",
            string.Join(',', models.Distinct()),
            "--tick-us",
            Text(options.TickMicroseconds)
        );
        var process = workspace.Start("provider", file, arguments);
        await ReadinessProbe.WaitAsync(new Uri(_upstream + "/models"), process, cancellationToken);
        return new Target(Target.Direct, new Uri(_upstream + "/chat/completions"), ChatCompletionBody) { Pids = [process.Pid] };
    }

    private async Task<Target> StartPipeAsync()
    {
        var port = Workspace.FreePort();
        var (file, arguments) = BenchExecutable.Command("pipe", "--port", Text(port), "--upstream", _upstream);

        // the garbage collector that projects of ASP.NET Core use by default
        var process = workspace.Start("pipe", file, arguments, [("DOTNET_gcServer", "1"), ("DOTNET_gcConcurrent", "1")]);
        var url = new Uri($"http://127.0.0.1:{port}");
        await ReadinessProbe.WaitAsync(new Uri(url, "/health/ready"), process, cancellationToken);
        return new Target(Target.Pipe, new Uri(url, "/v1/chat/completions"), ChatCompletionBody) { Pids = [process.Pid] };
    }

    /// <summary>Null if something that it needs is missing, which is logged.</summary>
    private async Task<Target?> TryStartAiSdkAsync()
    {
        try
        {
            return await AiSdkServer.StartAsync(workspace, _upstream, log, cancellationToken);
        }
        catch (Exception exception) when (exception is MissingProgramException or InvalidOperationException)
        {
            log($"The target \"{Target.AiSdk}\" is skipped: {exception.Message}");
            return null;
        }
    }

    private static string ChatCompletionBody(string model) =>
        $$"""{"model":"{{model}}","stream":true,"messages":[{"role":"user","content":"hi {i}"}]}""";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
