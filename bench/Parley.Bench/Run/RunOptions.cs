namespace Parley.Bench;

/// <summary>The databases that Parley is measured with.</summary>
internal enum DatabaseKind
{
    Sqlite,
    Postgres,
}

/// <summary>What a commit survives: the end of the server's process, or the loss of power.</summary>
internal enum Durability
{
    Process,
    Power,
}

/// <summary>The options of <c>run</c>.</summary>
internal sealed record RunOptions(
    string? ServerFolder,
    IReadOnlyList<string> Rows,
    IReadOnlyList<string> Targets,
    IReadOnlyList<DatabaseKind> Databases,
    Durability? Durability,
    int Runs,
    int Tokens,
    int Rounds,
    int StartsPerSecond,
    bool InStep,
    int TickMicroseconds,
    int FirstDelay,
    string? DataFolder,
    string JsonFile,
    bool Check
)
{
    private static readonly string[] AllTargets = [Target.Pipe, Target.AiSdk, Target.Parley];

    public static RunOptions From(CommandLine line)
    {
        var server = line.Text("--server");
        return new RunOptions(
            server,
            Selected(line, "--rows", BenchmarkRows.Names),
            Selected(line, "--targets", AllTargets, server is null ? [Target.Pipe, Target.AiSdk] : AllTargets),
            line.Text("--database") switch
            {
                null or "sqlite" => [DatabaseKind.Sqlite],
                "postgres" => [DatabaseKind.Postgres],
                "both" => [DatabaseKind.Sqlite, DatabaseKind.Postgres],
                var other => throw new ArgumentException($"--database: unknown database \"{other}\". Supported: sqlite, postgres, both."),
            },
            line.Text("--durability") switch
            {
                null => null,
                "process" => Bench.Durability.Process,
                "power" => Bench.Durability.Power,
                var other => throw new ArgumentException($"--durability: unknown value \"{other}\". Supported: process, power."),
            },
            line.Number("--runs", 3),
            line.Number("--tokens", 100),
            line.Number("--rounds", 2),
            line.Number("--starts-per-second", 300),
            line.Flag("--in-step"),
            line.Number("--tick-us", 1000),
            line.Number("--first-delay", 20),
            line.Text("--data"),
            line.Text("--json") ?? Path.Combine("artifacts", "bench.json"),
            line.Flag("--check")
        );
    }

    public bool Includes(string target) => Targets.Contains(target);

    /// <summary>
    /// The given durability, or the one that the database is usually run with: Parley's default for SQLite, PostgreSQL's own for
    /// PostgreSQL.
    /// </summary>
    public Durability DurabilityOf(DatabaseKind database) =>
        Durability ?? (database == DatabaseKind.Postgres ? Bench.Durability.Power : Bench.Durability.Process);

    private static string[] Selected(CommandLine line, string option, string[] known, string[]? otherwise = null)
    {
        var selected = line.List(option);
        if (selected.Except(known).FirstOrDefault() is { } unknown)
        {
            throw new ArgumentException($"{option}: unknown name \"{unknown}\". Supported: {string.Join(", ", known)}.");
        }

        return selected.Length > 0 ? selected : otherwise ?? known;
    }
}
