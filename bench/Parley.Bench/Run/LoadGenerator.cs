using System.Globalization;
using System.Text.Json;

namespace Parley.Bench;

/// <summary>Runs the load generator in a process of its own, so that this process does not disturb its measurements.</summary>
internal sealed class LoadGenerator(Action<string> log, CancellationToken cancellationToken)
{
    /// <summary>Time before each run in which garbage collections and late commits of the previous run can finish.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(1);

    /// <param name="options">Numeric options of <c>load</c>, with names.</param>
    public async Task<LoadResult> RunAsync(Target target, string model, int expectedTokens, params (string Name, int Value)[] options)
    {
        await Task.Delay(SettleTime, cancellationToken);
        List<string> arguments =
        [
            "load",
            "--url",
            target.ChatUrl.ToString(),
            "--body",
            target.Body(model),
            "--expect",
            Text(expectedTokens),
            "--pid",
            string.Join(',', target.Pids.Select(Text)),
            "--database-pid",
            string.Join(',', target.DatabasePids.Select(Text)),
            .. target.Headers.SelectMany(header => new[] { "--header", header }),
            .. options.SelectMany(option => new[] { option.Name, Text(option.Value) }),
        ];
        if (target.FollowPath is not null)
        {
            arguments.AddRange(["--follow-path", target.FollowPath, "--id-header", target.IdHeader]);
        }

        var (file, all) = BenchExecutable.Command([.. arguments]);
        var (_, output, errors) = await ChildProcess.RunAsync(file, all, cancellationToken, [("DOTNET_TieredPGO", "0")]);
        if (!output.StartsWith('{'))
        {
            throw new InvalidOperationException($"The load generator failed: {errors}{output}");
        }

        var result = JsonSerializer.Deserialize<LoadResult>(output, LoadCommand.Json)!;
        log(Summary(target, result));
        return result;
    }

    private static string Summary(Target target, LoadResult result)
    {
        var database =
            target.DatabasePids.Length == 0
                ? ""
                : string.Create(CultureInfo.InvariantCulture, $", databases {result.DatabaseCpuPerToken} µs per token");
        var errors =
            result.Errors.Count == 0 ? "" : ": " + string.Join(", ", result.Errors.Select(error => $"{error.Value} × {error.Key}"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"  {target.Name, -15} {result.Complete}/{result.Requests} complete, {result.TokensPerSecond:0} tokens/s, {result.ServerCpuPerToken} µs per token"
                + $"{database} (load generator {result.GeneratorCpuPerToken}), first token {result.FirstToken.P50} ms, "
                + $"lateness p50 {result.Lateness.P50} ms, p99 {result.Lateness.P99} ms{errors}"
        );
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
