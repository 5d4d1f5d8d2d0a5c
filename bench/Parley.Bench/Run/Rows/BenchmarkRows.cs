namespace Parley.Bench;

/// <summary>All rows, in the order in which they are measured.</summary>
internal static class BenchmarkRows
{
    private static readonly (string Name, Func<string, RunOptions, BenchmarkRow> Create)[] All =
    [
        ("cpu500", (name, options) => new CpuPerTokenRow(name, streams: 500, maxRatio: 1.17, options)),
        ("cpu1000", (name, options) => new CpuPerTokenRow(name, streams: 1000, maxRatio: 1.25, options)),
        ("starts", (name, options) => new StartsRow(name, options)),
        ("first500", (name, options) => new FirstTokenRow(name, options)),
        ("idle", (name, _) => new IdleRow(name)),
        ("followers", (name, _) => new FollowersRow(name)),
        ("followers10000", (name, _) => new ManyFollowersRow(name)),
        ("open", (name, _) => new OpenConversationRow(name)),
        ("coldstart", (name, _) => new ColdStartRow(name)),
        ("formats", (name, _) => new WireFormatsRow(name)),
    ];

    public static string[] Names => [.. All.Select(row => row.Name)];

    /// <summary>Creates the selected rows.</summary>
    public static IReadOnlyList<BenchmarkRow> Create(RunOptions options) =>
        [.. All.Where(row => options.Rows.Contains(row.Name)).Select(row => row.Create(row.Name, options))];
}
